//! Another service's tables, to read only.

use kit_db::{DbTarget, Dialect, ReadDb, Reader, StoreError, sql};
use kit_testing::both_databases;
use kit_testing::db::{TestDb, TestTarget, patient};

use crate::shop::{MIGRATIONS, save};

/// The other service's accounts, as somebody else reads them.
async fn accounts(other: &ReadDb) -> Result<Vec<String>, StoreError> {
    let table = other.table("accounts");
    other
        .read(async move |reader: &mut Reader| {
            let rows = sql("SELECT id FROM ")
                .push_table(&table)
                .push(" WHERE id <> ")
                .push_bind("z")
                .push(" ORDER BY id")
                .all(reader)
                .await?;
            rows.iter().map(|row| row.get("id")).collect()
        })
        .await
}

both_databases! {
    migrations = MIGRATIONS;

    async fn what_is_committed_is_seen(db: &TestDb) {
        let other = ReadDb::open(&patient("reader", db.target())).unwrap();
        assert_eq!(other.dialect(), db.dialect());
        for id in ["a", "b", "z"] {
            save(db, id).await.unwrap();
        }
        assert_eq!(accounts(&other).await.unwrap(), ["a", "b"]);
    }

    async fn nothing_can_be_written(db: &TestDb) {
        let other = ReadDb::open(&patient("reader", db.target())).unwrap();
        let table = other.table("accounts");
        let written = other.read(async move |reader: &mut Reader| {
            sql("DELETE FROM ").push_table(&table).all(reader).await
        });
        assert!(written.await.is_err());
    }
}

#[tokio::test]
async fn a_file_that_does_not_exist_is_unavailable_and_not_made() {
    let target = TestTarget::sqlite();
    let other = ReadDb::open(&patient("reader", target.target())).unwrap();
    let read = accounts(&other).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let DbTarget::Sqlite { file } = target.target() else {
        panic!("not a file")
    };
    assert!(!file.exists());
}

#[tokio::test]
async fn one_pool_reads_several_schemas() {
    let (one, another) = (
        TestDb::postgres(&MIGRATIONS).await,
        TestDb::postgres(&MIGRATIONS).await,
    );
    save(&one, "a").await.unwrap();
    save(&another, "b").await.unwrap();
    let mut settings = patient("reader", one.target());
    settings.readers = 1;
    let first = ReadDb::open(&settings).unwrap();
    let DbTarget::Postgres { schema, .. } = another.target() else {
        panic!("not a schema")
    };
    let second = first.in_schema(&schema).unwrap();
    assert_eq!(second.dialect(), Dialect::Postgres);
    assert_eq!(accounts(&first).await.unwrap(), ["a"]);
    assert_eq!(accounts(&second).await.unwrap(), ["b"]);
    assert!(first.in_schema("a\"; DROP SCHEMA public").is_err());
    one.finish().await;
    another.finish().await;
}
