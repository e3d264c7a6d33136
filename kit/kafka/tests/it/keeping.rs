//! What a topic keeps: new groups, a look at it, lag, and delivering again.

use std::time::Duration;

use kit_bus::Effects;
use kit_bus_testing::{Counted, GROUP, assert_in_order, both_worlds, settings};
use kit_db::Dialect;

use crate::World;

both_worlds! {
    async fn a_new_group_begins_where_the_topic_does_whoever_listened_before(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        // More than a page, a window and a slot.
        world.count_all(3_000, 50).await;
        assert_in_order(&world.until_effects(&process, 3_000).await);
        let heard = process.listen_as("latecomer");
        world.count_all(100, 50).await;
        world.until("all are heard", async || heard.lock().unwrap().len() >= 3_100).await;
        assert_in_order(&heard.lock().unwrap());
        process.crash().await;
    }

    async fn lag_tells_what_waits_in_the_topic(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count("a").await;
        world.until_effects(&process, 1).await;
        world.until_passed(&process).await;
        let lag = process.bus.admin().lag().await.unwrap();
        assert_eq!(lag.len(), 1);
        assert_eq!((lag[0].consumer.as_str(), lag[0].source.as_str()), (GROUP, "kafka/counts"));
        process.crash().await;
        world.count_all(7, 3).await;
        let process = world.process().await;
        let admin = process.bus.admin();
        world.until("all wait", async || admin.lag().await.unwrap()[0].rows == 7).await;
        process.crash().await;
    }

    async fn a_topic_can_be_looked_at(world: &World) {
        let process = world.process().await;
        for _ in 0..9 {
            world.count("a").await;
            world.count("b").await;
        }
        let admin = process.bus.admin();
        let counted = |payload: &str| serde_json::from_str::<Counted>(payload).unwrap();
        world.until("all are there", async || {
            admin.newest("counts", 30).await.unwrap().is_some_and(|events| events.len() == 18)
        }).await;
        let last = admin.newest("counts", 3).await.unwrap().unwrap();
        let last: Vec<_> = last.iter().map(|event| counted(&event.payload)).collect();
        let last: Vec<_> = last.iter().map(|counted| (counted.key.as_str(), counted.number)).collect();
        assert_eq!(last, [("b", 8), ("a", 9), ("b", 9)]);
        assert_eq!(admin.newest("stock", 3).await.unwrap(), None);
        process.crash().await;
    }

    async fn a_replay_delivers_again_and_repeats_effects_only_where_it_is_told_to(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count_all(20, 3).await;
        world.until_effects(&process, 20).await;
        world.until_passed(&process).await;
        let admin = process.bus.admin();
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        let replayed = admin.replay_since(GROUP, since, Effects::Keep).await.unwrap();
        assert!(replayed.iter().all(|replayed| replayed.source == "kafka/counts" && replayed.after == 0));
        let partitions: Vec<_> = replayed.iter().map(|replayed| replayed.partition.unwrap()).collect();
        assert_eq!(partitions, [0, 1, 2, 3]);
        world.until_passed(&process).await;
        world.count("afterwards").await;
        world.until_effects(&process, 21).await;
        admin.replay_since(GROUP, since, Effects::Repeat).await.unwrap();
        let effects = world.until_effects(&process, 42).await;
        assert_in_order(&effects[21..]);
        process.crash().await;
    }

    async fn a_replay_reaches_back_no_further_than_it_was_told(world: &World) {
        let process = world.process().await;
        process.keep_ledger(world);
        world.count_all(20, 3).await;
        world.until_effects(&process, 20).await;
        world.until_passed(&process).await;
        let later = process.db.clock().now().plus(Duration::from_mins(5));
        process.bus.admin().replay_since(GROUP, later, Effects::Repeat).await.unwrap();
        world.count("afterwards").await;
        world.until_effects(&process, 21).await;
        process.crash().await;
    }
}

/// A process that stood by takes over what another has left, and goes on at the offsets in the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_move_from_process_to_process_with_their_positions() {
    let world = World::new(Dialect::Postgres).await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let mut done = 0;
    let mut process = world.process_with(quick.clone(), Duration::from_secs(1)).await;
    process.keep_ledger(&world);
    for round in 0..4 {
        world.count_all(40, 7).await;
        let next = world.process_with(quick.clone(), Duration::from_secs(1)).await;
        next.keep_ledger(&world);
        world.count_all(40, 7).await;
        done += 80;
        assert_in_order(&world.until_effects(&next, done).await);
        if round % 2 == 0 {
            process.finish().await;
        } else {
            process.crash().await;
        }
        process = next;
    }
    world.count_all(40, 7).await;
    assert_in_order(&world.until_effects(&process, done + 40).await);
    process.crash().await;
    world.remove().await;
}
