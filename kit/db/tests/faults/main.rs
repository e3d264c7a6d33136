//! Faults injected by name. They are one set a process, hence a process of their own, and one test at a time.
#![expect(
    clippy::panic,
    reason = "what the tests share is written like the tests themselves"
)]

use std::time::Duration;

use fail::FailScenario;
use kit_db::{Db, Migrations, Reader, StoreError, Tx, Unavailable, WriteError, sql};
use kit_testing::db::{SERVICE, TestDb, TestTarget, patient};

static MIGRATIONS: Migrations =
    Migrations::new(&[("0001_shop.sql", include_str!("../migrations/0001_shop.sql"))]);

async fn save(db: &Db, id: &'static str) -> Result<(), WriteError<StoreError>> {
    db.write(async move |tx: &mut Tx| {
        sql("INSERT INTO accounts (id, username) VALUES ($1, $1)")
            .bind(id)
            .execute(tx)
            .await?;
        Ok(())
    })
    .await
}

async fn ids(db: &Db) -> Vec<String> {
    let rows =
        db.read(async |reader: &mut Reader| sql("SELECT id FROM accounts ORDER BY id").all(reader).await);
    let Ok(rows) = rows.await else {
        panic!("the database cannot be read")
    };
    rows.iter().flat_map(|row| row.get("id")).collect()
}

async fn each(story: impl AsyncFn(&Db)) {
    for target in [TestTarget::sqlite(), TestTarget::postgres().await] {
        let test = TestDb::open(target, &MIGRATIONS).await;
        story(test.db()).await;
        test.finish().await;
    }
}

#[tokio::test]
async fn an_end_before_the_commit_is_surely_not_done() {
    let faults = FailScenario::setup();
    each(async |db: &Db| {
        fail::cfg("db::before-commit", "1*panic").unwrap();
        let ended = save(db, "a").await;
        assert!(
            matches!(ended, Err(WriteError::Unavailable(Unavailable::Abandoned))),
            "{ended:?}"
        );
        assert!(ids(db).await.is_empty());
        save(db, "b").await.unwrap();
        assert_eq!(ids(db).await, ["b"]);
    })
    .await;
    faults.teardown();
}

#[tokio::test]
async fn an_end_between_commit_and_answer_may_be_done() {
    let faults = FailScenario::setup();
    each(async |db: &Db| {
        fail::cfg("db::after-commit-before-answer", "1*panic").unwrap();
        let ended = save(db, "a").await;
        assert!(matches!(ended, Err(WriteError::OutcomeUnknown)), "{ended:?}");
        assert_eq!(ids(db).await, ["a"]);
        save(db, "b").await.unwrap();
        assert_eq!(ids(db).await, ["a", "b"]);
    })
    .await;
    faults.teardown();
}

#[tokio::test]
async fn a_lost_answer_of_the_commit_may_be_done() {
    let faults = FailScenario::setup();
    each(async |db: &Db| {
        fail::cfg("db::commit-answer-lost", "1*return").unwrap();
        let ended = save(db, "a").await;
        assert!(matches!(ended, Err(WriteError::OutcomeUnknown)), "{ended:?}");
        assert_eq!(ids(db).await, ["a"]);
        save(db, "b").await.unwrap();
        assert_eq!(ids(db).await, ["a", "b"]);
    })
    .await;
    faults.teardown();
}

#[tokio::test]
async fn a_failing_savepoint_abandons_its_group() {
    let faults = FailScenario::setup();
    fail::cfg("db::savepoint", "1*return").unwrap();
    let target = TestTarget::sqlite();
    let mut settings = patient(SERVICE, target.target());
    settings.group_limit = Duration::from_mins(1);
    let db = TestDb::open_with(target, settings, &MIGRATIONS).await;
    // Polled together on one thread: both are queued before the writer's turn begins.
    let (one, other) = tokio::join!(save(&db, "a"), save(&db, "b"));
    for ended in [one, other] {
        assert!(
            matches!(ended, Err(WriteError::Unavailable(Unavailable::Abandoned))),
            "{ended:?}"
        );
    }
    assert!(ids(&db).await.is_empty());
    save(&db, "c").await.unwrap();
    assert_eq!(ids(&db).await, ["c"]);
    db.finish().await;
    faults.teardown();
}
