//! Groups that are new, and queues that were lost.

use std::time::Duration;

use kit_bus::Effects;
use kit_bus_testing::{GROUP, Paid, assert_in_order, both_fixtures, settings};
use kit_db::Dialect;

use crate::BusFixture;

both_fixtures! {
    async fn a_new_group_begins_where_the_log_does_whoever_listened_before(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(700, 5).await;
        fixture.until_effects(&process, 700).await;
        let heard = process.listen_as("latecomer");
        fixture.count_all(100, 5).await;
        fixture.until("all are heard", async || heard.lock().unwrap().len() >= 800).await;
        assert_in_order(&heard.lock().unwrap());
        let queue = format!("{}.latecomer", fixture.broker.exchange);
        process.crash().await;
        let rabbit = &fixture.broker;
        rabbit.delete(&queue).await;
        rabbit.delete(&format!("{queue}.dead")).await;
        rabbit.delete_exchange(&format!("{queue}.counts")).await;
    }

    async fn a_queue_that_was_lost_is_filled_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(60, 5).await;
        fixture.until_effects(&process, 60).await;
        process.crash().await;
        fixture.count_all(60, 5).await;
        // With everything that waited in it.
        let rabbit = &fixture.broker;
        rabbit.delete(&rabbit.queue()).await;
        fixture.count_all(60, 5).await;
        fixture.consume_in_order(180).await;
    }

    async fn a_queue_that_is_lost_under_a_running_group_is_filled_again(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count("a").await;
        fixture.until_effects(&process, 1).await;
        let rabbit = &fixture.broker;
        rabbit.delete(&rabbit.queue()).await;
        fixture.count_all(60, 5).await;
        fixture.count("a").await;
        assert_in_order(&fixture.until_effects(&process, 62).await);
        process.crash().await;
    }

    async fn what_nobody_listens_to_holds_up_nothing(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        for _ in 0..5 {
            fixture.publish(Paid { user: "u".to_owned() }).await;
            fixture.count("a").await;
        }
        assert_in_order(&fixture.until_effects(&process, 5).await);
        let relays = fixture.relays().await;
        assert_eq!(relays.len(), 2, "{relays:?}");
        fixture.until("both relays have passed everything", async || {
            fixture.relays().await.iter().all(|lag| lag.rows <= 1)
        }).await;
        process.crash().await;
    }

    async fn a_replay_asks_the_producers_and_repeats_effects_only_where_it_is_told_to(fixture: &BusFixture) {
        let process = fixture.process().await;
        process.keep_ledger(fixture);
        fixture.count_all(20, 3).await;
        fixture.until_effects(&process, 20).await;
        let (admin, since) = (process.bus.admin(), process.db.clock().now().minus(Duration::from_hours(1)));
        let replayed = admin.replay_since(GROUP, since, Effects::Repeat).await.unwrap();
        let sources: Vec<_> = replayed.iter().map(|replayed| replayed.source.as_str()).collect();
        assert_eq!(sources, ["rabbitmq/counts"]);
        let effects = fixture.until_effects(&process, 40).await;
        assert_in_order(&effects[20..]);
        admin.replay_since(GROUP, since, Effects::Keep).await.unwrap();
        fixture.count("afterwards").await;
        fixture.until_effects(&process, 41).await;
        process.crash().await;
    }
}

/// The relay stops in the middle of what a new group asked for, and another goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_half_let_in_is_let_in_by_the_next_relay() {
    let fixture = BusFixture::new(Dialect::Postgres).await;
    fixture.count_all(1_200, 5).await;
    let process = fixture.process().await;
    process.keep_ledger(&fixture);
    fixture
        .until("some came", async || !fixture.effects(&process).await.is_empty())
        .await;
    fixture.stop_relaying().await;
    let mut quick = settings();
    quick.lease = Duration::from_secs(1);
    let relaying = fixture.relaying_with(quick);
    fixture.count_all(100, 5).await;
    assert_in_order(&fixture.until_effects(&process, 1_300).await);
    relaying.crash().await;
    process.crash().await;
    fixture.remove().await;
}
