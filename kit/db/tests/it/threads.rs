//! SQLite works on the thread that calls it: what takes long there holds up nobody else, and ends.

use std::time::Duration;

use kit_db::{DbTarget, ReadDb, Reader, StoreError, Tx, Unavailable, sql};
use kit_testing::db::{SERVICE, TestDb, TestTarget, patient};
use kit_testing::pass_time;

use crate::shop::{MIGRATIONS, ids, insert, is_unavailable, save};

/// Longer than anything takes that ends. The tests do not wait for it, they let it pass.
const LIMIT: Duration = Duration::from_mins(1);

async fn open() -> TestDb {
    let target = TestTarget::sqlite();
    let mut settings = patient(SERVICE, target.target());
    settings.unit_limit = LIMIT;
    TestDb::open_with(target, settings, &MIGRATIONS).await
}

#[tokio::test]
async fn a_read_without_end_leaves_its_thread_to_others() {
    let db = open().await;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let endless = db.read(async move |reader: &mut Reader| {
        let _ = begun.send(());
        sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT COUNT(*) FROM n")
            .one(reader)
            .await
    });
    let (endless, ()) = tokio::join!(endless, async {
        begins.recv().await.unwrap();
        // There is one thread for all of this test: were the read on it, nothing here would be done.
        save(&db, "a").await.unwrap();
        assert_eq!(ids(&db).await, ["a"]);
        pass_time(LIMIT).await;
    });
    let endless = endless.map(|_| ());
    assert!(
        matches!(endless, Err(StoreError::Unavailable(Unavailable::TimedOut))),
        "{endless:?}"
    );
    assert_eq!(ids(&db).await, ["a"]);
    db.finish().await;
}

#[tokio::test]
async fn a_write_without_end_is_given_up_with_its_group() {
    let db = open().await;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let endless = db.write(async move |tx: &mut Tx| {
        insert(tx, "a").await?;
        let _ = begun.send(());
        // Interrupted, SQLite rolls back all of the transaction.
        sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) \
             INSERT INTO accounts (id, username) SELECT 'b', 'b' FROM n WHERE i = 2")
        .execute(tx)
        .await
    });
    let (endless, ()) = tokio::join!(endless, async {
        begins.recv().await.unwrap();
        pass_time(LIMIT).await;
    });
    let gone =
        is_unavailable(&endless, Unavailable::TimedOut) || is_unavailable(&endless, Unavailable::Abandoned);
    assert!(gone, "{endless:?}");
    save(&db, "c").await.unwrap();
    assert_eq!(ids(&db).await, ["c"]);
    db.finish().await;
}

#[tokio::test]
async fn a_file_that_another_process_has_for_itself_can_be_read_when_it_ends() {
    let target = TestTarget::sqlite();
    let DbTarget::Sqlite { file } = target.target() else {
        panic!("not a file")
    };
    let other = rusqlite::Connection::open(file).unwrap();
    other
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; CREATE TABLE notes (id INTEGER) STRICT;",
        )
        .unwrap();
    let mut settings = patient("reader", target.target());
    let count =
        async |reader: &mut Reader| sql("SELECT COUNT(*) FROM notes").one(reader).await?.get::<i64>(0);
    settings.unit_limit = Duration::from_millis(50);
    let refused = ReadDb::open(&settings).unwrap().read(count).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(Unavailable::TimedOut))),
        "{refused:?}"
    );
    settings.unit_limit = LIMIT;
    let waiting = ReadDb::open(&settings).unwrap();
    let (found, ()) = tokio::join!(waiting.read(count), async {
        tokio::task::yield_now().await;
        drop(other);
    });
    assert_eq!(found.unwrap(), 0);
}
