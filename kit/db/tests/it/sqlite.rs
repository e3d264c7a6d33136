//! The writer of a SQLite file: groups, and what ends them.

use std::time::Duration;

use kit_db::{
    DataFolder, Db, DbDeps, DbMetrics, DbSettings, DbTarget, Reader, StoreError, Tx, Unavailable, UnitError,
    WriteError, sql,
};
use kit_runtime::Lifecycle;
use kit_telemetry::Metrics;
use kit_testing::db::{SERVICE, TestDb, TestTarget, deps, patient};
use kit_testing::eventually;
use tokio::task::JoinHandle;

use crate::shop::{MIGRATIONS, gate, ids, insert, is_unavailable, save, spawn, spawn_gated};

type Ended = Result<(), WriteError<StoreError>>;

/// A unit whose savepoint statement fails: SQLite itself ends the transaction around it.
async fn end_the_transaction(tx: &mut Tx) -> Result<(), StoreError> {
    sql("INSERT OR ROLLBACK INTO accounts (id, username) VALUES ('z', 'a')")
        .execute(tx)
        .await?;
    Ok(())
}

/// Units `a` and `b` stand at the gate in one savepoint; these come after them in the same group.
async fn queue_behind(db: &Db, units: &[&'static str]) -> Vec<JoinHandle<Ended>> {
    let mut queued = Vec::new();
    for id in units.iter().copied() {
        let db = db.clone();
        queued.push(spawn(async move { save(&db, id).await }));
        // The order of the queue is the order here.
        tokio::task::yield_now().await;
    }
    queued
}

/// Settings under which a machine that is busy with other tests does not close a group early.
fn in_one_group(target: &TestTarget) -> DbSettings {
    let mut settings = patient(SERVICE, target.target());
    settings.group_limit = Duration::from_mins(1);
    settings
}

async fn open_patient() -> TestDb {
    let target = TestTarget::sqlite();
    let settings = in_one_group(&target);
    TestDb::open_with(target, settings, &MIGRATIONS).await
}

#[tokio::test]
async fn units_that_wait_together_are_committed_together() {
    let metrics = Metrics::new();
    let lifecycle = Lifecycle::new();
    let target = TestTarget::sqlite();
    let deps = DbDeps {
        metrics: Some(DbMetrics::new(&metrics)),
        ..deps(&lifecycle)
    };
    let db = Db::open(in_one_group(&target), &MIGRATIONS, &deps).await.unwrap();
    let (gate, mut keeper) = gate();
    let first = spawn_gated(&db, &gate, ["a", "b"]);
    keeper.arrival().await;
    let queued = queue_behind(&db, &["c", "d", "e", "f", "g", "h", "i"]).await;
    keeper.open();
    first.await.unwrap().unwrap();
    for one in queued {
        one.await.unwrap().unwrap();
    }
    let text = metrics.encode();
    assert!(
        text.contains("stoa_db_group_units_sum{service=\"test\"} 8.0"),
        "{text}"
    );
    assert!(
        text.contains("stoa_db_group_units_count{service=\"test\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains("stoa_db_units_total{service=\"test\",outcome=\"committed\"} 8\n"),
        "{text}"
    );
    lifecycle.end().await;
    target.remove().await;
}

#[tokio::test]
async fn a_failing_unit_of_a_group_hurts_nobody_else() {
    let db = open_patient().await;
    let (gate, mut keeper) = gate();
    let first = spawn_gated(&db, &gate, ["a", "b"]);
    keeper.arrival().await;
    let mut queued = queue_behind(&db, &["c", "a", "d", "c", "e"]).await;
    keeper.open();
    first.await.unwrap().unwrap();
    let mut ended = Vec::new();
    for one in queued.drain(..) {
        ended.push(one.await.unwrap());
    }
    assert!(
        ended[0].is_ok() && ended[2].is_ok() && ended[4].is_ok(),
        "{ended:?}"
    );
    for failed in [&ended[1], &ended[3]] {
        assert!(
            matches!(failed, Err(WriteError::Refused(StoreError::Unique(_)))),
            "{failed:?}"
        );
    }
    assert_eq!(ids(&db).await, ["a", "b", "c", "d", "e"]);
    db.finish().await;
}

#[tokio::test]
async fn an_error_of_a_savepoint_abandons_its_group() {
    let db = open_patient().await;
    let (gate, mut keeper) = gate();
    let first = spawn_gated(&db, &gate, ["a", "b"]);
    keeper.arrival().await;
    let before = queue_behind(&db, &["c"]).await;
    let ending = Db::clone(&db);
    let ending = spawn(async move {
        ending
            .write(async |tx: &mut Tx| end_the_transaction(tx).await)
            .await
    });
    tokio::task::yield_now().await;
    let after = queue_behind(&db, &["d"]).await;
    keeper.open();
    for one in before.into_iter().chain([first, ending]) {
        let ended = one.await.unwrap();
        assert!(is_unavailable(&ended, Unavailable::Abandoned), "{ended:?}");
    }
    for one in after {
        one.await.unwrap().unwrap();
    }
    assert_eq!(ids(&db).await, ["d"], "what came later has a group of its own");
    db.finish().await;
}

#[tokio::test]
async fn a_swallowed_end_of_the_transaction_abandons_its_group_too() {
    let db = open_patient().await;
    save(&db, "a").await.unwrap();
    let ended = db.write(async |tx: &mut Tx| {
        let _ = end_the_transaction(tx).await;
        // Outside of any transaction, this would be kept.
        let _ = insert(tx, "b").await;
        Ok::<_, StoreError>(())
    });
    let ended = ended.await;
    assert!(is_unavailable(&ended, Unavailable::Abandoned), "{ended:?}");
    assert_eq!(ids(&db).await, ["a"]);
    db.finish().await;
}

#[tokio::test]
async fn a_failing_commit_fails_the_whole_group() {
    let db = open_patient().await;
    let (gate, mut keeper) = gate();
    let first = spawn_gated(&db, &gate, ["a", "b"]);
    keeper.arrival().await;
    let broken = Db::clone(&db);
    let broken = spawn(async move {
        broken
            .write(async |tx: &mut Tx| {
                // Checked at the commit, which migrations may not ask for.
                sql("PRAGMA defer_foreign_keys = ON").execute(tx).await?;
                sql("INSERT INTO orders (id, account_id) VALUES ('o', 'nobody')")
                    .execute(tx)
                    .await?;
                Ok(())
            })
            .await
    });
    tokio::task::yield_now().await;
    keeper.open();
    for one in [first, broken] {
        let ended: Ended = one.await.unwrap();
        assert!(is_unavailable(&ended, Unavailable::Abandoned), "{ended:?}");
    }
    assert!(ids(&db).await.is_empty());
    save(&db, "c").await.unwrap();
    assert_eq!(ids(&db).await, ["c"]);
    db.finish().await;
}

#[tokio::test]
async fn a_refusal_leaves_only_after_the_commit() {
    let db = open_patient().await;
    let (gate, mut keeper) = gate();
    let handle = Db::clone(&db);
    let refused = handle.write(async |_: &mut Tx| Err::<(), _>(kit_db::refuse("no")));
    let held = handle.write(async move |tx: &mut Tx| {
        gate.pass().await;
        insert(tx, "a").await
    });
    tokio::pin!(refused, held);
    // On one thread the writer's turn begins only when this test waits, so both are queued before it.
    assert!(futures::poll!(refused.as_mut()).is_pending());
    assert!(futures::poll!(held.as_mut()).is_pending());
    keeper.arrival().await;
    assert!(
        futures::poll!(refused.as_mut()).is_pending(),
        "the group is not committed yet"
    );
    keeper.open();
    let refused = refused.await;
    assert!(
        matches!(refused, Err(WriteError::Refused(UnitError::Refused("no")))),
        "{refused:?}"
    );
    held.await.unwrap();
    db.finish().await;
}

#[tokio::test]
async fn a_file_that_another_process_writes_to_is_unavailable_until_it_ends() {
    let target = TestTarget::sqlite();
    let mut settings = DbSettings::new(SERVICE, target.target());
    settings.unit_limit = Duration::from_millis(200);
    let db = TestDb::open_with(target, settings, &MIGRATIONS).await;
    let DbTarget::Sqlite { file } = db.target() else {
        panic!("not a file")
    };
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = save(&db, "a").await;
    assert!(is_unavailable(&refused, Unavailable::Abandoned), "{refused:?}");
    // The limit is as short for these, and a busy machine may need more than one attempt.
    let read = eventually("readers are not held up", async || {
        let all = async |reader: &mut Reader| sql("SELECT id FROM accounts").all(reader).await;
        db.read(all).await.ok()
    });
    assert!(read.await.is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    eventually("the file is free", async || save(&db, "a").await.ok()).await;
    db.finish().await;
}

#[tokio::test]
async fn the_writer_syncs_each_commit_and_checks_foreign_keys() {
    let target = TestTarget::sqlite();
    let settings = DbSettings::new(SERVICE, target.target());
    let db = TestDb::open_with(target, settings, &MIGRATIONS).await;
    let settings = db.write(async |tx: &mut Tx| {
        let row = sql(
            "SELECT (SELECT journal_mode FROM pragma_journal_mode) AS journal, \
             (SELECT synchronous FROM pragma_synchronous) AS sync, \
             (SELECT foreign_keys FROM pragma_foreign_keys) AS keys, \
             (SELECT timeout FROM pragma_busy_timeout) AS busy, \
             (SELECT journal_size_limit FROM pragma_journal_size_limit) AS size",
        )
        .one(tx)
        .await?;
        Ok::<_, StoreError>((
            row.get::<String>("journal")?,
            row.get::<i64>("sync")?,
            row.get::<i64>("keys")?,
            row.get::<i64>("busy")?,
            row.get::<i64>("size")?,
        ))
    });
    assert_eq!(settings.await.unwrap(), ("wal".to_owned(), 2, 1, 5000, 64 << 20));
    db.finish().await;
}

#[tokio::test]
async fn a_path_is_never_taken_for_a_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a?mode=memory#b %20").join("ü.db");
    let lifecycle = Lifecycle::new();
    let settings = patient(SERVICE, DbTarget::Sqlite { file: file.clone() });
    let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
    save(&db, "a").await.unwrap();
    assert!(file.exists());
    lifecycle.end().await;
}

#[tokio::test]
async fn a_folder_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::lock(folder.path().join("data")).unwrap();
    let mode = std::fs::metadata(data.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn writes_still_work_after_the_wish_to_stop_and_are_answered_after_the_end() {
    let target = TestTarget::sqlite();
    let lifecycle = Lifecycle::new();
    let settings = patient(SERVICE, target.target());
    let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
    let readiness = kit_runtime::Readiness::new();
    let limits = kit_runtime::ShutdownLimits {
        lame_duck: Duration::ZERO,
        hard_stop: Duration::from_mins(1),
    };
    let (stop, draining) = (lifecycle.tasks().stop(), db.clone());
    lifecycle.tasks().spawn("a request", async move {
        stop.requested().await;
        save(&draining, "a").await.unwrap();
    });
    let mut signals = 0;
    let ended = lifecycle.run(&readiness, limits, || {
        signals += 1;
        let second = signals > 1;
        async move {
            if second {
                std::future::pending::<()>().await;
            }
        }
    });
    assert_eq!(ended.await, kit_runtime::Shutdown::Clean);
    assert_eq!(ids(&db).await, ["a"]);
    // After the end a write is cut off wherever it stands; it is answered, and not with a lie.
    let late = save(&db, "b").await;
    let is_there = ids(&db).await.contains(&"b".to_owned());
    match late {
        Ok(()) => assert!(is_there),
        Err(WriteError::Unavailable(_)) => assert!(!is_there),
        Err(WriteError::OutcomeUnknown) => {}
        other => panic!("{other:?}"),
    }
    target.remove().await;
}
