//! A relay that ends or stands still at any point, whatever broker it carries events to.

use kit_bus_testing::{Program, assert_in_order};
use kit_db::Dialect;
use tokio::sync::Mutex;

use crate::World;

/// Where a relay can end itself.
const FAULTS: [&str; 2] = ["bus::before-publish", "bus::after-confirm-before-position"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_ends_at_any_point_loses_and_doubles_nothing() {
    let world = World::unrelayed(Dialect::Postgres).await;
    let process = world.process().await;
    process.keep_ledger(&world);
    for hit in 1..=3 {
        for fault in FAULTS {
            world.count_all(60, 7).await;
            let crashing = Mutex::new(Program::start("relay", &world, (fault, "abort", hit)));
            // So that it has something to publish as often as it must.
            world
                .until("it crashes", async || {
                    world.count("again").await;
                    crashing.lock().await.has_ended()
                })
                .await;
        }
    }
    let counted = world.published().await;
    let relay = Program::start("relay", &world, ("none", "none", 0));
    assert_in_order(&world.until_effects(&process, counted).await);
    drop(relay);
    process.crash().await;
    world.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_stood_still_past_its_lease_turns_nothing_around() {
    let world = World::unrelayed(Dialect::Postgres).await;
    let process = world.process().await;
    process.keep_ledger(&world);
    world.count_all(600, 7).await;
    let paused = Program::start("relay", &world, ("bus::after-confirm-before-position", "stop", 2));
    world
        .until("it stands still", async || {
            if !paused.is_stopped() {
                world.count("again").await;
            }
            paused.is_stopped()
        })
        .await;
    let other = Program::start("relay", &world, ("none", "none", 0));
    world.count_all(60, 7).await;
    let published = world.published().await;
    assert_in_order(&world.until_effects(&process, published).await);
    paused.go_on();
    world.count_all(60, 7).await;
    assert_in_order(&world.until_effects(&process, published + 60).await);
    drop((paused, other));
    process.crash().await;
    world.remove().await;
}
