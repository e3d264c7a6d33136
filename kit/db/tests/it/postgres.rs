//! What only PostgreSQL does: transactions in each other's way, and a server that goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kit_db::{Db, DbSettings, DbTarget, OpenError, Reader, StoreError, Tx, Unavailable, WriteError, sql};
use kit_runtime::{Lifecycle, Secret};
use kit_testing::db::{SERVICE, TestDb, TestTarget, connect, deps, patient, postgres_url};
use tokio::sync::Barrier;

use crate::proxy::{Mode, Proxy, address};
use crate::shop::{MIGRATIONS, add, balance, gate, ids, insert, is_unavailable, save, spawn};

async fn with_two_accounts() -> TestDb {
    let db = TestDb::postgres(&MIGRATIONS).await;
    save(&db, "a").await.unwrap();
    save(&db, "b").await.unwrap();
    db
}

/// Adds one to each account in this order; on their first runs, two such units meet half way.
async fn cross(
    db: Db,
    order: [&'static str; 2],
    meet: Arc<Barrier>,
    runs: Arc<AtomicU32>,
) -> Result<(), WriteError<StoreError>> {
    let first = Arc::new(AtomicU32::new(1));
    db.write(async move |tx: &mut Tx| {
        runs.fetch_add(1, Ordering::SeqCst);
        add(tx, order[0], 1).await?;
        if first.swap(0, Ordering::SeqCst) == 1 {
            meet.wait().await;
        }
        add(tx, order[1], 1).await
    })
    .await
}

#[tokio::test]
async fn a_deadlock_is_run_again() {
    let db = with_two_accounts().await;
    let (meet, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let one = spawn(cross(Db::clone(&db), ["a", "b"], meet.clone(), runs.clone()));
    let other = spawn(cross(Db::clone(&db), ["b", "a"], meet, runs.clone()));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    // One is pushed out. Run again before the other has woken, it stands in the other's way once more.
    assert!(runs.load(Ordering::SeqCst) >= 3);
    assert_eq!(
        (balance(&db, "a").await, balance(&db, "b").await),
        (Some(2), Some(2))
    );
    db.finish().await;
}

#[tokio::test]
async fn a_serialization_failure_is_run_again() {
    let db = with_two_accounts().await;
    let (meet, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let mut units = Vec::new();
    for _ in 0..2 {
        let (db, meet, runs) = (Db::clone(&db), meet.clone(), runs.clone());
        let first = Arc::new(AtomicU32::new(1));
        units.push(spawn(async move {
            db.write(async move |tx: &mut Tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                    .execute(tx)
                    .await?;
                let row = sql("SELECT balance FROM accounts WHERE id = 'a'").one(tx).await?;
                if first.swap(0, Ordering::SeqCst) == 1 {
                    meet.wait().await;
                }
                let next = row.get::<i64>("balance")? + 1;
                sql("UPDATE accounts SET balance = $1 WHERE id = 'a'")
                    .bind(next)
                    .execute(tx)
                    .await?;
                Ok::<_, StoreError>(())
            })
            .await
        }));
    }
    for unit in units {
        unit.await.unwrap().unwrap();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    assert_eq!(balance(&db, "a").await, Some(2));
    db.finish().await;
}

#[tokio::test]
async fn a_unit_that_is_pushed_out_each_time_gives_up() {
    let db = with_two_accounts().await;
    let runs = Arc::new(AtomicU32::new(0));
    let seen = runs.clone();
    let pushed_out = db.write(async move |tx: &mut Tx| {
        runs.fetch_add(1, Ordering::SeqCst);
        insert(tx, "c").await?;
        sql("DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40001'; END $$")
            .execute(tx)
            .await
    });
    let pushed_out = pushed_out.await;
    assert!(
        is_unavailable(&pushed_out, Unavailable::Contention),
        "{pushed_out:?}"
    );
    assert_eq!(seen.load(Ordering::SeqCst), 6);
    assert_eq!(ids(&db).await, ["a", "b"]);
    db.finish().await;
}

/// Ends all sessions of this process on a schema's tables and all idle ones of its pool, as a restart would.
async fn end_sessions(pids: &[i64]) {
    let mut server = connect(&postgres_url()).await;
    for pid in pids {
        sqlx::query("SELECT pg_terminate_backend($1::bigint::int)")
            .bind(pid)
            .execute(&mut server)
            .await
            .unwrap();
        // The function only asks; the session is gone when it is not listed any more.
        let gone = "SELECT 1 FROM pg_stat_activity WHERE pid = $1::bigint::int";
        while sqlx::query(gone)
            .bind(pid)
            .fetch_optional(&mut server)
            .await
            .unwrap()
            .is_some()
        {
            tokio::task::yield_now().await;
        }
    }
}

const PID: &str = "SELECT CAST(pg_backend_pid() AS BIGINT)";

#[tokio::test]
async fn sessions_that_died_while_idle_are_replaced_unseen() {
    let db = with_two_accounts().await;
    let write = db.write(async |tx: &mut Tx| sql(PID).one(tx).await?.get::<i64>(0));
    let read = db.read(async |reader: &mut Reader| sql(PID).one(reader).await?.get::<i64>(0));
    end_sessions(&[write.await.unwrap(), read.await.unwrap()]).await;
    assert_eq!(ids(&db).await, ["a", "b"]);
    save(&db, "c").await.unwrap();
    assert_eq!(ids(&db).await, ["a", "b", "c"]);
    db.finish().await;
}

#[tokio::test]
async fn a_session_that_dies_within_a_unit_leaves_one_effect() {
    let db = with_two_accounts().await;
    let (gate, mut keeper) = gate();
    let (pids, mut pid) = tokio::sync::mpsc::unbounded_channel();
    let unit = Db::clone(&db);
    let unit = spawn(async move {
        unit.write(async move |tx: &mut Tx| {
            add(tx, "a", 1).await?;
            let _ = pids.send(sql(PID).one(tx).await?.get::<i64>(0)?);
            gate.pass().await;
            add(tx, "b", 1).await
        })
        .await
    });
    keeper.arrival().await;
    end_sessions(&[pid.recv().await.unwrap()]).await;
    keeper.open();
    unit.await.unwrap().unwrap();
    assert_eq!(
        (balance(&db, "a").await, balance(&db, "b").await),
        (Some(1), Some(1))
    );
    db.finish().await;
}

#[tokio::test]
async fn the_session_has_the_settings_that_promises_rest_on() {
    let target = TestTarget::postgres().await;
    let settings = DbSettings::new(SERVICE, target.target());
    let db = TestDb::open_with(target, settings, &MIGRATIONS).await;
    let DbTarget::Postgres { schema, .. } = db.target() else {
        panic!("not a schema")
    };
    let settings = db.write(async |tx: &mut Tx| {
        let mut values = Vec::new();
        for name in [
            "search_path",
            "synchronous_commit",
            "transaction_isolation",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "application_name",
            "transaction_read_only",
        ] {
            let row = sql("SELECT current_setting($1) AS value")
                .bind(name)
                .one(tx)
                .await?;
            values.push(row.get::<String>("value")?);
        }
        Ok::<_, StoreError>(values)
    });
    assert_eq!(
        settings.await.unwrap(),
        [&schema, "on", "read committed", "5s", "6s", "stoa/test", "off"]
    );
    db.finish().await;
}

#[tokio::test]
async fn a_table_that_changed_under_a_prepared_statement_is_read_anew() {
    let db = with_two_accounts().await;
    let read = async || {
        let row = db
            .read(async |reader: &mut Reader| sql("SELECT * FROM accounts WHERE id = 'a'").one(reader).await);
        row.await.unwrap()
    };
    let write = async || {
        let row = db.write(async |tx: &mut Tx| {
            sql("UPDATE accounts SET balance = 5 WHERE id = 'a' RETURNING *")
                .one(tx)
                .await
        });
        row.await.unwrap()
    };
    assert!(read().await.get::<i64>("extra").is_err());
    assert!(write().await.get::<i64>("extra").is_err());
    let added = db.write(async |tx: &mut Tx| {
        sql("ALTER TABLE accounts ADD COLUMN extra BIGINT NOT NULL DEFAULT 7")
            .execute(tx)
            .await
    });
    added.await.unwrap();
    assert_eq!(read().await.get::<i64>("extra").unwrap(), 7);
    assert_eq!(write().await.get::<i64>("extra").unwrap(), 7);
    db.finish().await;
}

struct Behind {
    db: Db,
    proxy: Proxy,
    target: TestTarget,
    lifecycle: Lifecycle,
}

/// A database that is reached through a proxy.
async fn behind_a_proxy() -> Behind {
    let target = TestTarget::postgres().await;
    let DbTarget::Postgres { url, schema } = target.target() else {
        panic!("not a schema")
    };
    let proxy = Proxy::before(&address(url.expose())).await;
    let through = DbTarget::Postgres {
        url: Secret::new(proxy.url(url.expose())),
        schema,
    };
    let lifecycle = Lifecycle::new();
    let db = Db::open(patient(SERVICE, through), &MIGRATIONS, &deps(&lifecycle))
        .await
        .unwrap();
    save(&db, "a").await.unwrap();
    Behind {
        db,
        proxy,
        target,
        lifecycle,
    }
}

impl Behind {
    async fn finish(self) {
        self.lifecycle.end().await;
        self.target.remove().await;
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_comes_back() {
    let behind = behind_a_proxy().await;
    let db = &behind.db;
    assert_eq!(db.check().await, Ok(()));
    behind.proxy.set(Mode::Cut);
    let away = save(db, "b").await;
    assert!(is_unavailable(&away, Unavailable::Unreachable), "{away:?}");
    assert!(db.check().await.is_err());
    let read = db
        .read(async |reader: &mut Reader| sql(PID).one(reader).await)
        .await
        .map(|_| ());
    assert!(
        matches!(read, Err(StoreError::Unavailable(Unavailable::Unreachable))),
        "{read:?}"
    );
    behind.proxy.set(Mode::Pass);
    assert_eq!(db.check().await, Ok(()));
    save(db, "b").await.unwrap();
    assert_eq!(ids(db).await, ["a", "b"]);
    behind.finish().await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_never_called_failed() {
    let behind = behind_a_proxy().await;
    let db = &behind.db;
    behind.proxy.set(Mode::LoseCommits);
    let lost = save(db, "b").await;
    assert!(matches!(lost, Err(WriteError::OutcomeUnknown)), "{lost:?}");
    behind.proxy.set(Mode::Pass);
    assert_eq!(ids(db).await, ["a", "b"], "it was done");
    save(db, "c").await.unwrap();
    behind.finish().await;
}

#[tokio::test]
async fn a_start_without_a_server_says_whose_database_it_is() {
    let lifecycle = Lifecycle::new();
    // Nobody listens on the port of a listener that is gone.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let target = DbTarget::Postgres {
        url: Secret::new(format!("postgres://stoa:hunter2@127.0.0.1:{port}/stoa")),
        schema: "shop".to_owned(),
    };
    let refused = Db::open(DbSettings::new(SERVICE, target), &MIGRATIONS, &deps(&lifecycle)).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, OpenError::Connect { service: SERVICE, .. }),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
