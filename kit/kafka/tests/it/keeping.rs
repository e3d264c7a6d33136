//! What a topic keeps: new groups, a look at it, lag, and delivering again.

use std::time::Duration;

use kit_bus::Effects;
use kit_bus_testing::{Counted, GROUP, assert_in_order, both_fixtures, settings};
use kit_db::Dialect;

use crate::BusFixture;

both_fixtures! {
    async fn a_new_group_begins_where_the_topic_does_whoever_listened_before(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        // More than a page, a window and a slot.
        fixture.count_all(3_000, 50).await;
        assert_in_order(&fixture.until_effects(&process, 3_000).await);
        let heard = process.listen_as("latecomer");
        fixture.count_all(100, 50).await;
        fixture.until("all are heard", async || heard.lock().unwrap().len() >= 3_100).await;
        assert_in_order(&heard.lock().unwrap());
        process.crash().await;
    }

    async fn lag_tells_what_waits_in_the_topic(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        fixture.until_passed(&process).await;
        let lag = process.bus.admin().lag().await.unwrap();
        assert_eq!(lag.len(), 1);
        assert_eq!((lag[0].consumer.as_str(), lag[0].source.as_str()), (GROUP, "kafka/counts"));
        process.crash().await;
        fixture.count_all(7, 3).await;
        let process = fixture.process().await;
        let admin = process.bus.admin();
        fixture.until("all wait", async || admin.lag().await.unwrap()[0].rows == 7).await;
        process.crash().await;
    }

    async fn a_topic_can_be_looked_at(fixture: &BusFixture) {
        let process = fixture.process().await;
        for _ in 0..9 {
            fixture.count("a").await;
            fixture.count("b").await;
        }
        let admin = process.bus.admin();
        let counted = |payload: &str| serde_json::from_str::<Counted>(payload).unwrap();
        fixture.until("all are there", async || {
            admin.newest("counts", 30).await.unwrap().is_some_and(|events| events.len() == 18)
        }).await;
        let last = admin.newest("counts", 3).await.unwrap().unwrap();
        let last: Vec<_> = last.iter().map(|event| counted(&event.payload)).collect();
        let last: Vec<_> = last.iter().map(|counted| (counted.key.as_str(), counted.number)).collect();
        assert_eq!(last, [("b", 8), ("a", 9), ("b", 9)]);
        assert_eq!(admin.newest("stock", 3).await.unwrap(), None);
        process.crash().await;
    }

    async fn a_replay_delivers_again_and_repeats_effects_only_where_it_is_told_to(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(20, 3).await;
        fixture.until_effects(&process, 20).await;
        fixture.until_passed(&process).await;
        let admin = process.bus.admin();
        let since = process.db.clock().now().minus(Duration::from_hours(1));
        let replayed = admin.replay_since(GROUP, since, Effects::Keep).await.unwrap();
        assert!(replayed.iter().all(|replayed| replayed.source == "kafka/counts" && replayed.after == 0));
        let partitions: Vec<_> = replayed.iter().map(|replayed| replayed.partition.unwrap()).collect();
        assert_eq!(partitions, [0, 1, 2, 3]);
        fixture.until_passed(&process).await;
        fixture.count("afterwards").await;
        fixture.until_effects(&process, 21).await;
        admin.replay_since(GROUP, since, Effects::Repeat).await.unwrap();
        let effects = fixture.until_effects(&process, 42).await;
        assert_in_order(&effects[21..]);
        process.crash().await;
    }

    async fn a_replay_reaches_back_no_further_than_it_was_told(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(20, 3).await;
        fixture.until_effects(&process, 20).await;
        fixture.until_passed(&process).await;
        let later = process.db.clock().now().plus(Duration::from_mins(5));
        process.bus.admin().replay_since(GROUP, later, Effects::Repeat).await.unwrap();
        fixture.count("afterwards").await;
        fixture.until_effects(&process, 21).await;
        process.crash().await;
    }
}

/// A process that stood by takes over what another has left, and goes on at the offsets in the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_move_from_process_to_process_with_their_positions() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let mut done = 0;
    let mut process = fixture.process_with(quick.clone(), Duration::from_secs(1)).await;
    process.keep_ledger(&fixture);
    for round in 0..4 {
        fixture.count_all(40, 7).await;
        let next = fixture.process_with(quick.clone(), Duration::from_secs(1)).await;
        next.keep_ledger(&fixture);
        fixture.count_all(40, 7).await;
        done += 80;
        assert_in_order(&fixture.until_effects(&next, done).await);
        if round % 2 == 0 {
            process.finish().await;
        } else {
            process.crash().await;
        }
        process = next;
    }
    fixture.count_all(40, 7).await;
    assert_in_order(&fixture.until_effects(&process, done + 40).await);
    process.crash().await;
    fixture.remove().await;
}
