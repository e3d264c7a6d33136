//! A relay that ends or stands still at any point, whatever broker it carries events to.

use kit_bus_testing::{Program, assert_in_order};
use kit_db::Dialect;
use tokio::sync::Mutex;

use crate::BusFixture;

/// Where a relay can end itself.
const FAULTS: [&str; 2] = ["bus::before-publish", "bus::after-confirm-before-position"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_ends_at_any_point_loses_and_doubles_nothing() {
    let fixture = BusFixture::unrelayed(Dialect::Postgres).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    for hit in 1..=3 {
        for fault in FAULTS {
            fixture.count_all(60, 7).await;
            let crashing = Mutex::new(Program::start("relay", &fixture, (fault, "abort", hit)));
            // So that it has something to publish as often as it must.
            fixture
                .until("it crashes", async || {
                    fixture.count("again").await;
                    crashing.lock().await.has_ended()
                })
                .await;
        }
    }
    let counted = fixture.published().await;
    let relay = Program::start("relay", &fixture, ("none", "none", 0));
    assert_in_order(&fixture.until_effects(&process, counted).await);
    drop(relay);
    process.crash().await;
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_stood_still_past_its_lease_turns_nothing_around() {
    let fixture = BusFixture::unrelayed(Dialect::Postgres).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    fixture.count_all(600, 7).await;
    let paused = Program::start(
        "relay",
        &fixture,
        ("bus::after-confirm-before-position", "stop", 2),
    );
    fixture
        .until("it stands still", async || {
            if !paused.is_stopped() {
                fixture.count("again").await;
            }
            paused.is_stopped()
        })
        .await;
    let other = Program::start("relay", &fixture, ("none", "none", 0));
    fixture.count_all(60, 7).await;
    let published = fixture.published().await;
    assert_in_order(&fixture.until_effects(&process, published).await);
    paused.go_on();
    fixture.count_all(60, 7).await;
    assert_in_order(&fixture.until_effects(&process, published + 60).await);
    drop((paused, other));
    process.crash().await;
    fixture.remove().await;
}
