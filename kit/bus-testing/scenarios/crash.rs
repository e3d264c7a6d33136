//! Processes that end or stand still at any point, for real.

use std::time::Duration;

use kit_bus_testing::{Program, assert_in_order, settings};
use kit_db::Dialect;

use crate::BusFixture;

/// Where a process can end itself.
const FAULTS: [&str; 5] = [
    "bus::after-read",
    "bus::before-handler",
    "bus::after-effect-before-position",
    "bus::before-commit",
    "bus::after-effect-before-answer",
];

async fn crashes_at_each_point(dialect: Dialect) {
    let fixture = BusFixture::new(dialect).await;
    let mut counted = 0;
    for (round, fault) in FAULTS.iter().enumerate() {
        fixture.count_each(60, 7).await;
        counted += 60;
        let hit = u32::try_from(round).unwrap() % 3 + 1;
        let mut crashing = Program::start("consume", &fixture, (fault, "abort", hit));
        let crashing = tokio::sync::Mutex::new(&mut crashing);
        fixture
            .until("it crashes", async || crashing.lock().await.has_ended())
            .await;
        fixture.consume_in_order(counted).await;
    }
    fixture.remove().await;
}

#[tokio::test]
async fn a_crash_at_any_point_loses_and_doubles_nothing_on_sqlite() {
    crashes_at_each_point(Dialect::Sqlite).await;
}

#[tokio::test]
async fn a_crash_at_any_point_loses_and_doubles_nothing_on_postgres() {
    crashes_at_each_point(Dialect::Postgres).await;
}

async fn killed_again_and_again(dialect: Dialect) {
    let fixture = BusFixture::new(dialect).await;
    let mut counted = 0;
    for round in 0..4_u32 {
        let consumer = Program::start("consume", &fixture, ("none", "none", 0));
        // Killed with the drop, in the middle of what it then does.
        for number in 0..(10 + round * 7) {
            fixture.count(&format!("key-{}", number % 5)).await;
            counted += 1;
        }
        drop(consumer);
    }
    fixture.consume_in_order(counted).await;
    fixture.remove().await;
}

#[tokio::test]
async fn kills_lose_and_double_nothing_on_sqlite() {
    killed_again_and_again(Dialect::Sqlite).await;
}

#[tokio::test]
async fn kills_lose_and_double_nothing_on_postgres() {
    killed_again_and_again(Dialect::Postgres).await;
}

/// A process stands still in the middle of its work for longer than its lease, another takes over, and the first
/// goes on as if nothing had been.
async fn paused_past_its_lease(fault: &str) {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    fixture.count_each(60, 7).await;
    let paused = Program::start("consume", &fixture, (fault, "stop", 3));
    fixture
        .until("it stands still", async || paused.is_stopped())
        .await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let process = fixture.process_with(quick, Duration::from_secs(1)).await;
    process.keep_ledger(&fixture);
    assert_in_order(&fixture.until_effects(&process, 60).await);
    paused.go_on();
    fixture.count_each(60, 7).await;
    let effects = fixture.until_effects(&process, 120).await;
    assert_in_order(&effects);
    fixture.until_passed(&process).await;
    assert_eq!(fixture.effects(&process).await.len(), 120);
    drop(paused);
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test]
async fn a_process_that_was_paused_before_its_effects_doubles_nothing() {
    paused_past_its_lease("bus::before-handler").await;
}

#[tokio::test]
async fn a_process_that_was_paused_within_a_transaction_doubles_nothing() {
    paused_past_its_lease("bus::before-commit").await;
}

#[tokio::test]
async fn a_process_that_was_paused_after_its_commit_doubles_nothing() {
    paused_past_its_lease("bus::after-effect-before-answer").await;
}
