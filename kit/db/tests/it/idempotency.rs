//! The same key and the same request get the same answer, once done.

use std::time::Duration;

use kit_db::idempotency::{
    Answer, IdempotencyError, IdempotencyScope, Outcome, PendingRequest, Started, request_hash, run, start,
};
use kit_db::{Db, DbDeps, Reader, StoreError, Tx, UnitError, WriteError, refuse, sql};
use kit_runtime::{FakeClock, Lifecycle, Timestamp};
use kit_testing::both_databases;
use kit_testing::db::{SERVICE, TestTarget, deps, patient};

use crate::shop::{MIGRATIONS, add, balance, gate, ids, insert, save, spawn};

fn scope(key: &str, body: &str) -> IdempotencyScope {
    IdempotencyScope {
        scope: "user-1 POST /orders".to_owned(),
        key: key.to_owned(),
        request_hash: request_hash([body.as_bytes()]),
        wait: Duration::from_mins(1),
    }
}

fn created(body: impl Into<String>) -> Answer {
    Answer {
        status: 201,
        body: body.into(),
    }
}

/// Adds one to `a`, and answers what it has now.
async fn increment(db: &Db, scope: IdempotencyScope) -> Result<Outcome, IdempotencyError<StoreError>> {
    run(db, scope, async |tx: &mut Tx| {
        add(tx, "a", 1).await?;
        let row = sql("SELECT balance FROM accounts WHERE id = 'a'").one(tx).await?;
        Ok(created(row.get::<i64>("balance")?.to_string()))
    })
    .await
}

async fn stored_keys(db: &Db) -> i64 {
    let count = db.read(async |reader: &mut Reader| {
        sql("SELECT CAST(COUNT(*) AS BIGINT) FROM idempotency_keys")
            .one(reader)
            .await?
            .get(0)
    });
    count.await.unwrap()
}

async fn started(db: &Db, key: &str, lease: Duration) -> PendingRequest {
    match start(db, scope(key, "x"), lease).await.unwrap() {
        Started::Fresh(pending) => pending,
        Started::Replayed(answer) => panic!("{answer:?}"),
    }
}

async fn finish(db: &Db, pending: PendingRequest) -> Result<(), WriteError<UnitError<&'static str>>> {
    db.write(async move |tx: &mut Tx| {
        add(tx, "a", 1).await?;
        if pending.finish(tx, &created("done")).await? {
            Ok(())
        } else {
            Err(refuse("another took over"))
        }
    })
    .await
}

both_databases! {
    migrations = MIGRATIONS;

    async fn fifty_parallel_sends_have_one_effect_and_one_answer(db: Db) {
        save(&db, "a").await.unwrap();
        let mut sends = Vec::new();
        for _ in 0..50 {
            let db = db.clone();
            sends.push(spawn(async move { increment(&db, scope("k", "x")).await }));
        }
        let mut fresh = 0;
        for send in sends {
            let outcome = send.await.unwrap().unwrap();
            fresh += i32::from(matches!(outcome, Outcome::Fresh(_)));
            assert_eq!(outcome.into_answer(), created("1"));
        }
        assert_eq!(fresh, 1);
        assert_eq!(balance(&db, "a").await, Some(1));
    }

    async fn another_key_or_scope_is_another_request(db: Db) {
        save(&db, "a").await.unwrap();
        increment(&db, scope("k", "x")).await.unwrap();
        increment(&db, scope("l", "x")).await.unwrap();
        let elsewhere = IdempotencyScope { scope: "user-2 POST /orders".to_owned(), ..scope("k", "x") };
        increment(&db, elsewhere).await.unwrap();
        assert_eq!(balance(&db, "a").await, Some(3));
    }

    async fn the_same_key_with_another_body_is_refused(db: Db) {
        save(&db, "a").await.unwrap();
        increment(&db, scope("k", "x")).await.unwrap();
        let other = increment(&db, scope("k", "y")).await;
        assert!(matches!(other, Err(IdempotencyError::OtherBody)), "{other:?}");
        assert_eq!(balance(&db, "a").await, Some(1));
    }

    async fn a_refusal_that_changed_nothing_is_not_stored(db: Db) {
        let refused = run(&db, scope("k", "x"), async |tx: &mut Tx| {
            insert(tx, "a").await?;
            Err(refuse("not enough"))
        });
        let refused = refused.await;
        assert!(
            matches!(&refused, Err(IdempotencyError::Write(WriteError::Refused(UnitError::Refused("not enough"))))),
            "{refused:?}"
        );
        assert_eq!(stored_keys(&db).await, 0);
        assert!(ids(&db).await.is_empty());
        save(&db, "a").await.unwrap();
        assert_eq!(increment(&db, scope("k", "x")).await.unwrap(), Outcome::Fresh(created("1")));
    }

    async fn an_answer_survives_a_restart(test: &TestDb) {
        save(test, "a").await.unwrap();
        increment(test, scope("k", "x")).await.unwrap();
        let lifecycle = Lifecycle::new();
        let settings = patient(SERVICE, test.target());
        let again = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
        assert_eq!(increment(&again, scope("k", "x")).await.unwrap(), Outcome::Replayed(created("1")));
        lifecycle.end().await;
    }

    async fn a_request_waits_for_the_same_one_and_answers_as_it_did(db: Db) {
        save(&db, "a").await.unwrap();
        let (gate, mut keeper) = gate();
        let first = db.clone();
        let first = spawn(async move {
            run(&first, scope("k", "x"), async move |tx: &mut Tx| {
                add(tx, "a", 1).await?;
                gate.pass().await;
                Ok::<_, StoreError>(created("first"))
            })
            .await
        });
        keeper.arrival().await;
        let (second, waits) = (db.clone(), IdempotencyScope { wait: Duration::ZERO, ..scope("k", "x") });
        let second = spawn(async move { increment(&second, waits).await });
        if db.dialect() == kit_db::Dialect::Postgres {
            // The writer of SQLite is alone: a second one waits in its queue and then sees the answer.
            let running = second.await.unwrap();
            assert!(matches!(running, Err(IdempotencyError::StillRunning)), "{running:?}");
            keeper.open();
        } else {
            keeper.open();
            assert_eq!(second.await.unwrap().unwrap(), Outcome::Replayed(created("first")));
        }
        assert_eq!(first.await.unwrap().unwrap(), Outcome::Fresh(created("first")));
        assert_eq!(increment(&db, scope("k", "x")).await.unwrap(), Outcome::Replayed(created("first")));
        assert_eq!(balance(&db, "a").await, Some(1));
    }

    async fn a_started_request_is_running_until_it_is_finished(db: Db) {
        save(&db, "a").await.unwrap();
        let pending = started(&db, "k", Duration::from_mins(1)).await;
        let waits = |body| IdempotencyScope { wait: Duration::from_millis(20), ..scope("k", body) };
        let second = start(&db, waits("x"), Duration::from_mins(1)).await;
        assert!(matches!(second, Err(IdempotencyError::StillRunning)), "{second:?}");
        let other = start(&db, waits("y"), Duration::from_mins(1)).await;
        assert!(matches!(other, Err(IdempotencyError::OtherBody)), "{other:?}");
        finish(&db, pending).await.unwrap();
        let third = start(&db, waits("x"), Duration::from_mins(1)).await.unwrap();
        assert!(matches!(&third, Started::Replayed(answer) if *answer == created("done")), "{third:?}");
        assert_eq!(balance(&db, "a").await, Some(1));
    }

    async fn a_released_request_may_be_sent_again(db: Db) {
        let pending = started(&db, "k", Duration::from_mins(1)).await;
        db.write(async move |tx: &mut Tx| pending.release(tx).await).await.unwrap();
        assert_eq!(stored_keys(&db).await, 0);
        started(&db, "k", Duration::from_mins(1)).await;
    }
}

async fn open_at(target: &TestTarget, clock: &FakeClock, lifecycle: &Lifecycle) -> Db {
    let deps = DbDeps {
        clock: clock.clock(),
        ..deps(lifecycle)
    };
    Db::open(patient(SERVICE, target.target()), &MIGRATIONS, &deps)
        .await
        .unwrap()
}

async fn a_lost_lease_is_taken_over_and_its_effect_rolled_back(target: TestTarget) {
    let (clock, lifecycle) = (
        FakeClock::at(Timestamp::from_seconds(1_000_000)),
        Lifecycle::new(),
    );
    let db = open_at(&target, &clock, &lifecycle).await;
    save(&db, "a").await.unwrap();
    let slow = started(&db, "k", Duration::from_mins(1)).await;
    clock.advance(Duration::from_mins(2));
    let next = started(&db, "k", Duration::from_mins(1)).await;
    let late = finish(&db, slow).await;
    assert!(
        matches!(late, Err(WriteError::Refused(UnitError::Refused(_)))),
        "{late:?}"
    );
    finish(&db, next).await.unwrap();
    assert_eq!(balance(&db, "a").await, Some(1));
    lifecycle.end().await;
    target.remove().await;
}

async fn keys_are_kept_a_day_and_then_removed(target: TestTarget) {
    let (clock, lifecycle) = (
        FakeClock::at(Timestamp::from_seconds(1_000_000)),
        Lifecycle::new(),
    );
    let db = open_at(&target, &clock, &lifecycle).await;
    save(&db, "a").await.unwrap();
    increment(&db, scope("k", "x")).await.unwrap();
    clock.advance(Duration::from_hours(24));
    assert_eq!(db.clean_up().await.unwrap(), 0);
    let replayed = increment(&db, scope("k", "x")).await.unwrap();
    assert_eq!(replayed, Outcome::Replayed(created("1")));
    clock.advance(Duration::from_hours(25));
    assert_eq!(db.clean_up().await.unwrap(), 1);
    assert_eq!(stored_keys(&db).await, 0);
    lifecycle.end().await;
    target.remove().await;
}

async fn inbox_rows_are_kept_a_fortnight(target: TestTarget) {
    let (clock, lifecycle) = (
        FakeClock::at(Timestamp::from_seconds(1_000_000)),
        Lifecycle::new(),
    );
    let db = open_at(&target, &clock, &lifecycle).await;
    let now = db.clock().now();
    db.write(async move |tx: &mut Tx| {
        for event in 0..1100 {
            sql("INSERT INTO inbox (consumer, event_id, at) VALUES ('c', $1, $2)")
                .bind(event.to_string())
                .bind(now)
                .execute(tx)
                .await?;
        }
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
    clock.advance(Duration::from_hours(14 * 24));
    assert_eq!(db.clean_up().await.unwrap(), 0);
    clock.advance(Duration::from_hours(2 * 24));
    assert_eq!(db.clean_up().await.unwrap(), 1100);
    lifecycle.end().await;
    target.remove().await;
}

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
    a_lost_lease_is_taken_over_and_its_effect_rolled_back,
    keys_are_kept_a_day_and_then_removed,
    inbox_rows_are_kept_a_fortnight,
);

#[test]
fn parts_of_a_request_do_not_run_together() {
    let hash = |parts: &[&str]| request_hash(parts.iter().map(|part| part.as_bytes()));
    assert_eq!(hash(&["/orders", "{}"]), hash(&["/orders", "{}"]));
    assert_ne!(hash(&["/orders", "{}"]), hash(&["/order", "s{}"]));
}
