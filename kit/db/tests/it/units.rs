//! Units of work: what is kept, what is rolled back, and who hears of it.

use std::task::Poll;
use std::time::Duration;

use kit_db::{
    Db, DbSettings, Dialect, Reader, StoreError, Tx, Unavailable, UnitError, WriteError, refuse, sql,
};
use kit_testing::db::{SERVICE, TestDb, TestTarget, patient};
use kit_testing::{both_databases, pass_time};

use crate::shop::{
    MIGRATIONS, add, balance, find_balance, gate, ids, insert, is_unavailable, save, spawn, spawn_gated,
};

#[derive(Debug, PartialEq)]
enum Refusal {
    NotEnough,
    Store,
}

both_databases! {
    migrations = MIGRATIONS;

    async fn an_acknowledged_unit_can_be_read(db: Db) {
        let value = db.write(async |tx: &mut Tx| {
            insert(tx, "a").await?;
            add(tx, "a", 5).await?;
            find_balance(tx, "a").await
        });
        assert_eq!(value.await.unwrap(), Some(5));
        assert_eq!(balance(&db, "a").await, Some(5));
    }

    async fn a_refused_unit_leaves_nothing_behind(db: Db) {
        let refused = db.write(async |tx: &mut Tx| {
            insert(tx, "a").await?;
            Err::<(), _>(refuse(Refusal::NotEnough))
        });
        let refused = refused.await.map_err(WriteError::flatten);
        let refused = refused.map_err(|error: UnitError<Refusal>| error.settle(|_| Refusal::Store));
        assert_eq!(refused, Err(Refusal::NotEnough));
        assert!(ids(&db).await.is_empty());
        save(&db, "b").await.unwrap();
        assert_eq!(ids(&db).await, ["b"]);
    }

    async fn a_question_mark_takes_errors_of_the_store_and_of_the_unit(db: Db) {
        async fn transfer(db: &Db) -> Result<(), UnitError<Refusal>> {
            db.write(async |tx: &mut Tx| {
                insert(tx, "a").await?;
                sql("INSERT INTO accounts (id, username) VALUES ('a', 'b')").execute(tx).await?;
                Ok::<_, UnitError<Refusal>>(())
            })
            .await?;
            Ok(())
        }
        let error = transfer(&db).await.unwrap_err();
        let UnitError::Store(error) = error else { panic!("{error:?}") };
        assert!(error.violates("accounts_pkey", "accounts.id"), "{error}");
    }

    async fn fifty_concurrent_increments_are_all_counted(db: Db) {
        save(&db, "a").await.unwrap();
        let mut running = Vec::new();
        for _ in 0..50 {
            let db = db.clone();
            running.push(spawn(async move {
                db.write(async |tx: &mut Tx| {
                    let row = sql("SELECT balance FROM accounts WHERE id = $1").bind("a").for_update();
                    let balance: i64 = row.one(tx).await?.get("balance")?;
                    add(tx, "a", 1).await?;
                    Ok::<_, StoreError>(balance)
                })
                .await
            }));
        }
        let mut seen = Vec::new();
        for one in running {
            seen.push(one.await.unwrap().unwrap());
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        assert_eq!(balance(&db, "a").await, Some(50));
    }

    async fn a_transaction_is_over_after_a_failed_statement(db: Db) {
        save(&db, "a").await.unwrap();
        let swallowed = db.write(async |tx: &mut Tx| {
            insert(tx, "b").await?;
            assert!(insert(tx, "a").await.is_err());
            let next = insert(tx, "c").await;
            assert!(matches!(next, Err(StoreError::Aborted)), "{next:?}");
            Ok::<_, StoreError>(())
        });
        let swallowed = swallowed.await;
        assert!(matches!(swallowed, Err(WriteError::Failed(StoreError::Aborted))), "{swallowed:?}");
        assert_eq!(ids(&db).await, ["a"]);
    }

    async fn a_unit_that_panics_harms_nobody_else(db: Db) {
        let (gate, mut keeper) = gate();
        let before = spawn_gated(&db, &gate, ["a", "b"]);
        keeper.arrival().await;
        let panicking = db.clone();
        let panicking = spawn(async move {
            panicking
                .write(async |tx: &mut Tx| {
                    insert(tx, "c").await?;
                    panic!("on purpose");
                    #[expect(unreachable_code, reason = "it gives the closure its type")]
                    Ok::<(), StoreError>(())
                })
                .await
        });
        let after = save(&db, "d");
        keeper.open();
        after.await.unwrap();
        before.await.unwrap().unwrap();
        let panicked = panicking.await.unwrap();
        assert!(matches!(panicked, Err(WriteError::Failed(StoreError::Panicked))), "{panicked:?}");
        assert_eq!(ids(&db).await, ["a", "b", "d"]);
    }

    async fn a_reader_cannot_write(db: Db) {
        let refused = db.read(async |reader: &mut Reader| {
            sql("INSERT INTO accounts (id, username) VALUES ('a', 'a') RETURNING id").one(reader).await
        });
        let refused = refused.await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
        assert!(ids(&db).await.is_empty());
    }

    async fn a_database_that_works_is_ready(db: Db) {
        assert_eq!(db.check().await, Ok(()));
    }

    async fn a_row_lock_is_no_text_where_the_writer_is_alone(db: Db) {
        let none = db.write(async |tx: &mut Tx| {
            sql("SELECT id FROM accounts").for_update_skip_locked().all(tx).await
        });
        assert!(none.await.unwrap().is_empty());
    }
}

/// Longer than anything takes that is not stuck. The tests do not wait for it, they let it pass.
const LIMIT: Duration = Duration::from_mins(1);

async fn open(target: TestTarget, change: impl FnOnce(&mut DbSettings)) -> TestDb {
    let mut settings = patient(SERVICE, target.target());
    settings.unit_limit = LIMIT;
    change(&mut settings);
    TestDb::open_with(target, settings, &MIGRATIONS).await
}

async fn a_unit_that_takes_too_long_is_rolled_back(target: TestTarget) {
    let db = open(target, |_| {}).await;
    let (gate, mut keeper) = gate();
    let stuck = spawn_gated(&db, &gate, ["a", "never"]);
    keeper.arrival().await;
    pass_time(LIMIT).await;
    let stuck = stuck.await.unwrap();
    assert!(is_unavailable(&stuck, Unavailable::TimedOut), "{stuck:?}");
    save(&db, "b").await.unwrap();
    assert_eq!(ids(&db).await, ["b"]);
    db.finish().await;
}

async fn a_statement_that_takes_too_long_is_given_up(target: TestTarget) {
    let db = open(target, |_| {}).await;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let stuck = db.write(async move |tx: &mut Tx| {
        insert(tx, "a").await?;
        let _ = begun.send(());
        sql("WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) \
             SELECT CAST(COUNT(*) AS BIGINT) FROM n a")
        .one(tx)
        .await
    });
    let (stuck, ()) = tokio::join!(stuck, async {
        begins.recv().await.unwrap();
        pass_time(LIMIT).await;
    });
    let stuck = stuck.map(|_| ());
    assert!(is_unavailable(&stuck, Unavailable::TimedOut), "{stuck:?}");
    save(&db, "b").await.unwrap();
    assert_eq!(ids(&db).await, ["b"]);
    db.finish().await;
}

async fn a_full_queue_refuses_at_once(target: TestTarget) {
    let db = open(target, |settings| {
        settings.queue = 2;
        settings.writers = 1;
    })
    .await;
    let (gate, mut keeper) = gate();
    let running = spawn_gated(&db, &gate, ["a", "b"]);
    keeper.arrival().await;
    let (mut waiting, mut refused) = (Vec::new(), 0);
    for id in ["c", "d", "e", "f"] {
        let mut write = Box::pin(save(&db, id));
        match futures::poll!(write.as_mut()) {
            Poll::Pending => waiting.push(write),
            Poll::Ready(ended) => {
                assert!(is_unavailable(&ended, Unavailable::QueueFull), "{ended:?}");
                refused += 1;
            }
        }
    }
    // PostgreSQL's running unit has one of the two places.
    let expected = if db.dialect() == Dialect::Postgres { 3 } else { 2 };
    assert_eq!(refused, expected);
    keeper.open();
    running.await.unwrap().unwrap();
    for write in waiting {
        write.await.unwrap();
    }
    assert_eq!(ids(&db).await.len(), 6 - refused);
    db.finish().await;
}

async fn a_reader_that_takes_too_long_is_given_up(target: TestTarget) {
    let db = open(target, |settings| {
        settings.readers = 1;
    })
    .await;
    let (gate, mut keeper) = gate();
    let stuck = db.read(async move |_: &mut Reader| {
        gate.pass().await;
        Ok(())
    });
    let (stuck, ()) = tokio::join!(stuck, async {
        keeper.arrival().await;
        pass_time(LIMIT).await;
    });
    assert!(
        matches!(stuck, Err(StoreError::Unavailable(Unavailable::TimedOut))),
        "{stuck:?}"
    );
    assert!(ids(&db).await.is_empty());
    db.finish().await;
}

/// On a runtime of one thread, whose time can be let pass.
macro_rules! on_both_targets {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                super::$story(TestTarget::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$story(TestTarget::postgres().await).await;
            }
        }
    )+};
}

on_both_targets!(
    a_unit_that_takes_too_long_is_rolled_back,
    a_statement_that_takes_too_long_is_given_up,
    a_full_queue_refuses_at_once,
    a_reader_that_takes_too_long_is_given_up,
);
