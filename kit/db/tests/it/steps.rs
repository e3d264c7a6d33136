//! Steps: each is taken by one at a time, and put off by nobody who has it no more.

use std::time::Duration;

use kit_db::{Db, Migrations, StepKey, StepTable, Tx};
use kit_runtime::Timestamp;
use kit_testing::both_databases;

const MIGRATIONS: Migrations = Migrations::new(&[(
    "0001_steps.sql",
    "CREATE TABLE thing_steps (
        thing_id TEXT COLLATE \"C\" NOT NULL,
        step     TEXT COLLATE \"C\" NOT NULL,
        subject  TEXT COLLATE \"C\" NOT NULL,
        due_at   BIGINT NOT NULL,
        tries    BIGINT NOT NULL,
        PRIMARY KEY (thing_id, step, subject)
    );",
)]);

const STEPS: StepTable = StepTable {
    name: "thing_steps",
    owner: "thing_id",
};

fn key(subject: &str) -> StepKey {
    StepKey {
        owner: "a".to_owned(),
        step: "mend",
        subject: subject.to_owned(),
    }
}

fn at(second: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(second))
}

/// Takes what is due at a second until ten later; its subjects, and how often each was tried before.
async fn claim(db: &Db, second: u64, limit: u32) -> Vec<(String, u32)> {
    let unit = async move |tx: &mut Tx| STEPS.claim_due(tx, (at(second), at(second + 10)), limit).await;
    let rows = db.write(unit).await.unwrap();
    let row = |row: &kit_db::Row| (row.get("subject").unwrap(), row.get("tries").unwrap());
    rows.iter().map(row).collect()
}

both_databases! {
    migrations = MIGRATIONS;

    async fn a_step_is_taken_by_one_until_its_time_is_over(db: Db) {
        db.write(async |tx: &mut Tx| {
            STEPS.set(tx, key("late"), at(2)).await?;
            STEPS.set(tx, key(""), at(1)).await?;
            // Who is at it is not disturbed.
            STEPS.ensure(tx, key(""), at(0)).await
        }).await.unwrap();
        assert_eq!(claim(&db, 0, 9).await, []);
        assert_eq!(claim(&db, 2, 1).await, [(String::new(), 0)]);
        assert_eq!(claim(&db, 3, 9).await, [("late".to_owned(), 0)]);
        assert_eq!(claim(&db, 11, 9).await, []);
        assert_eq!(claim(&db, 13, 9).await, [(String::new(), 1), ("late".to_owned(), 1)]);
    }

    async fn who_has_a_step_no_more_puts_it_off_no_more(db: Db) {
        db.write(async |tx: &mut Tx| STEPS.set(tx, key(""), at(1)).await).await.unwrap();
        claim(&db, 1, 1).await;
        db.write(async |tx: &mut Tx| STEPS.postpone(tx, key(""), (1, at(5))).await).await.unwrap();
        assert_eq!(claim(&db, 5, 1).await, [(String::new(), 1)]);
        // Somebody else has it by now.
        db.write(async |tx: &mut Tx| STEPS.postpone(tx, key(""), (1, at(6))).await).await.unwrap();
        assert_eq!(claim(&db, 6, 1).await, []);
        // It was set anew, and is due however far it was put off.
        db.write(async |tx: &mut Tx| STEPS.set(tx, key(""), at(6)).await).await.unwrap();
        db.write(async |tx: &mut Tx| STEPS.postpone(tx, key(""), (2, at(90))).await).await.unwrap();
        assert_eq!(claim(&db, 6, 1).await, [(String::new(), 0)]);
        db.write(async |tx: &mut Tx| STEPS.delete(tx, key("")).await).await.unwrap();
        db.write(async |tx: &mut Tx| STEPS.postpone(tx, key(""), (1, at(0))).await).await.unwrap();
        assert_eq!(claim(&db, 99, 1).await, []);
    }
}
