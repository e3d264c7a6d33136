//! Migrations: once, in order, unchanged, whoever starts.

use kit_db::{Db, DbSettings, DbTarget, MigrationError, Migrations, OpenError, Reader, Tx, sql};
use kit_runtime::{Lifecycle, Secret};
use kit_testing::both_databases;
use kit_testing::db::{SERVICE, TestDb, TestTarget, deps, patient, postgres_url};

const FIRST: (&str, &str) = (
    "0001_first.sql",
    "CREATE TABLE first (id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT);",
);
const SECOND: (&str, &str) = (
    "0002_second.sql",
    "INSERT INTO first (id, n) VALUES ('a', 1);\nCREATE TABLE second (id TEXT PRIMARY KEY);",
);
const BROKEN: (&str, &str) = (
    "0002_broken.sql",
    "CREATE TABLE half (id TEXT PRIMARY KEY); INSERT INTO nowhere VALUES (1);",
);

static ONE: Migrations = Migrations::new(&[FIRST]);
static TWO: Migrations = Migrations::new(&[FIRST, SECOND]);
static EDITED: Migrations =
    Migrations::new(&[("0001_first.sql", "CREATE TABLE first (id TEXT PRIMARY KEY);")]);
static BEFORE: Migrations = Migrations::new(&[("0000_before.sql", "SELECT 1;"), FIRST]);
static HALF: Migrations = Migrations::new(&[FIRST, BROKEN]);

async fn open_again(test: &TestDb, migrations: &Migrations) -> Result<Db, OpenError> {
    let lifecycle = Lifecycle::new();
    let db = Db::open(settings(test), migrations, &deps(&lifecycle)).await;
    lifecycle.end().await;
    db
}

fn settings(test: &TestDb) -> DbSettings {
    patient(SERVICE, test.target())
}

async fn count(db: &Db) -> i64 {
    let count = db.read(async |reader: &mut Reader| {
        sql("SELECT CAST(COUNT(*) AS BIGINT) FROM first")
            .one(reader)
            .await?
            .get(0)
    });
    count.await.unwrap()
}

fn reason(result: Result<Db, OpenError>) -> MigrationError {
    match result {
        Err(OpenError::Migration { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

both_databases! {
    migrations = TWO;

    async fn a_second_start_applies_nothing(db: &TestDb) {
        assert_eq!(count(db).await, 1);
        let again = open_again(db, &TWO).await.unwrap();
        assert_eq!(count(&again).await, 1);
    }

    async fn an_older_program_refuses_a_newer_database(db: &TestDb) {
        let reason = reason(open_again(db, &ONE).await);
        assert!(matches!(&reason, MigrationError::Unknown { name } if name == "0002_second.sql"), "{reason:?}");
    }

    async fn an_edited_file_is_refused(db: &TestDb) {
        let reason = reason(open_again(db, &EDITED).await);
        assert!(matches!(&reason, MigrationError::Changed { name } if name == "0001_first.sql"), "{reason:?}");
    }
}

both_databases! {
    migrations = ONE;

    async fn a_newer_program_applies_what_is_new(db: &TestDb) {
        assert_eq!(count(db).await, 0);
        let plan = Db::plan(&settings(db), &TWO).await.unwrap();
        assert_eq!(plan.pending, ["service/0002_second.sql"]);
        let newer = open_again(db, &TWO).await.unwrap();
        assert_eq!(count(&newer).await, 1);
        assert!(Db::plan(&settings(db), &TWO).await.unwrap().pending.is_empty());
    }

    async fn a_file_before_an_applied_one_is_refused(db: &TestDb) {
        let reason = reason(open_again(db, &BEFORE).await);
        assert!(matches!(&reason, MigrationError::OutOfOrder { name } if name == "0000_before.sql"), "{reason:?}");
    }

    async fn a_failing_migration_leaves_nothing_of_itself(db: &TestDb) {
        let reason = reason(open_again(db, &HALF).await);
        assert!(matches!(&reason, MigrationError::Failed { name, .. } if name == "service/0002_broken.sql"), "{reason:?}");
        let half = db.read(async |reader: &mut Reader| sql("SELECT id FROM half").all(reader).await);
        assert!(half.await.is_err(), "the table of the failed migration is not there");
        assert_eq!(Db::plan(&settings(db), &TWO).await.unwrap().pending, ["service/0002_second.sql"]);
        assert_eq!(count(&open_again(db, &TWO).await.unwrap()).await, 1);
    }

    async fn integers_and_bytes_are_strict_on_both(db: &TestDb) {
        let wrong = db.write(async |tx: &mut Tx| {
            sql("INSERT INTO first (id, n) VALUES ('a', 'no number')").execute(tx).await
        });
        assert!(wrong.await.is_err());
    }
}

both_databases! {
    migrations = Migrations::none();

    async fn processes_that_start_at_once_apply_each_once(db: &TestDb) {
        let lifecycle = Lifecycle::new();
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (settings, deps) = (settings(db), deps(&lifecycle));
            starting.spawn(async move { Db::open(settings, &TWO, &deps).await });
        }
        for started in starting.join_all().await {
            assert_eq!(count(&started.unwrap()).await, 1);
        }
        lifecycle.end().await;
    }
}

async fn a_plan_makes_nothing(target: TestTarget) {
    let settings = patient(SERVICE, target.target());
    for _ in 0..2 {
        let plan = Db::plan(&settings, &TWO).await.unwrap();
        let all = [
            "kit/0001_kit_tables.sql",
            "kit/0002_drop_timers.sql",
            "kit/0003_audit.sql",
            "service/0001_first.sql",
            "service/0002_second.sql",
        ];
        assert_eq!(plan.pending, all);
    }
    if let DbTarget::Sqlite { file } = target.target() {
        assert!(!file.exists());
    }
    target.remove().await;
}

#[tokio::test]
async fn a_plan_makes_nothing_on_sqlite() {
    a_plan_makes_nothing(TestTarget::sqlite()).await;
}

#[tokio::test]
async fn a_plan_makes_nothing_on_postgres() {
    a_plan_makes_nothing(TestTarget::postgres().await).await;
}

#[tokio::test]
async fn a_schema_is_a_plain_word() {
    let lifecycle = Lifecycle::new();
    for schema in [
        "",
        "Shop",
        "1shop",
        "a-b",
        "a\"; DROP SCHEMA public; --",
        &"a".repeat(64),
    ] {
        let target = DbTarget::Postgres {
            url: Secret::new(postgres_url()),
            schema: schema.to_owned(),
        };
        let refused = Db::open(patient(SERVICE, target), &ONE, &deps(&lifecycle)).await;
        assert!(
            matches!(refused, Err(OpenError::Schema { .. })),
            "{schema}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_not_repeated() {
    let lifecycle = Lifecycle::new();
    let target = DbTarget::Postgres {
        url: Secret::new("postgres://user:hunter2@host:notaport/db".to_owned()),
        schema: "shop".to_owned(),
    };
    let refused = Db::open(patient(SERVICE, target), &ONE, &deps(&lifecycle)).await;
    let text = format!("{:?}", refused.unwrap_err());
    assert!(!text.contains("hunter2"), "{text}");
}
