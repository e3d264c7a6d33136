//! Groups that are new, and queues that were lost.

use std::time::Duration;

use kit_bus::Effects;
use kit_bus_testing::{GROUP, Paid, assert_in_order, both_worlds, settings};
use kit_db::Dialect;

use crate::World;

both_worlds! {
    async fn a_new_group_begins_where_the_log_does_whoever_listened_before(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count_all(700, 5).await;
        world.until_effects(&process, 700).await;
        let heard = process.listen_as("latecomer");
        world.count_all(100, 5).await;
        world.until("all are heard", async || heard.lock().unwrap().len() >= 800).await;
        assert_in_order(&heard.lock().unwrap());
        let queue = format!("{}.desk.latecomer", world.broker.exchange);
        process.crash().await;
        let rabbit = &world.broker;
        rabbit.delete(&queue).await;
        rabbit.delete(&format!("{queue}.dead")).await;
        rabbit.delete_exchange(&format!("{queue}.counts")).await;
    }

    async fn a_queue_that_was_lost_is_filled_again(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count_all(60, 5).await;
        world.until_effects(&process, 60).await;
        process.crash().await;
        world.count_all(60, 5).await;
        // With everything that waited in it.
        let rabbit = &world.broker;
        rabbit.delete(&rabbit.queue()).await;
        world.count_all(60, 5).await;
        world.consume_in_order(180).await;
    }

    async fn a_queue_that_is_lost_under_a_running_group_is_filled_again(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count("a").await;
        world.until_effects(&process, 1).await;
        let rabbit = &world.broker;
        rabbit.delete(&rabbit.queue()).await;
        world.count_all(60, 5).await;
        world.count("a").await;
        assert_in_order(&world.until_effects(&process, 62).await);
        process.crash().await;
    }

    async fn what_nobody_listens_to_holds_up_nothing(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        for _ in 0..5 {
            world.publish(Paid { user: "u".to_owned() }).await;
            world.count("a").await;
        }
        assert_in_order(&world.until_effects(&process, 5).await);
        let relays = world.relays().await;
        assert_eq!(relays.len(), 2, "{relays:?}");
        world.until("both relays have passed everything", async || {
            world.relays().await.iter().all(|lag| lag.rows <= 1)
        }).await;
        process.crash().await;
    }

    async fn a_replay_asks_the_producers_and_repeats_effects_only_where_it_is_told_to(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count_all(20, 3).await;
        world.until_effects(&process, 20).await;
        let (admin, since) = (process.bus.admin(), process.db.clock().now().minus(Duration::from_hours(1)));
        let replayed = admin.replay_since(GROUP, since, Effects::Repeat).await.unwrap();
        let sources: Vec<_> = replayed.iter().map(|replayed| replayed.source.as_str()).collect();
        assert_eq!(sources, ["rabbitmq/counts"]);
        let effects = world.until_effects(&process, 40).await;
        assert_in_order(&effects[20..]);
        admin.replay_since(GROUP, since, Effects::Keep).await.unwrap();
        world.count("afterwards").await;
        world.until_effects(&process, 41).await;
        process.crash().await;
    }
}

/// The relay stops in the middle of what a new group asked for, and another goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_half_let_in_is_let_in_by_the_next_relay() {
    let world = World::new(Dialect::Postgres).await;
    world.count_all(1_200, 5).await;
    let process = world.process().await;
    process.keep_ledger(&world);
    world
        .until("some came", async || !world.effects(&process).await.is_empty())
        .await;
    world.stop_relaying().await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(1);
    let relaying = world.relaying_with(quick);
    world.count_all(100, 5).await;
    assert_in_order(&world.until_effects(&process, 1_300).await);
    relaying.crash().await;
    process.crash().await;
    world.remove().await;
}
