//! Several processes that count together.

use kit_testing::{eventually, on_both_databases};

use crate::app::{AnalyticsApp, NOON, created, user};

on_both_databases! {
    async fn two_processes_count_each_event_once(fixture: &Fixture) {
        let (one, two) = (AnalyticsApp::start(fixture).await, AnalyticsApp::start(fixture).await);
        let persons: Vec<_> = (0..40).map(|_| user()).collect();
        for round in 0..10_u64 {
            let publisher = if round % 2 == 0 { &one } else { &two };
            let events = persons.iter().map(|person| created(*person, "0.25", NOON));
            publisher.payments.publish_all(events.collect()).await;
        }
        for app in [&one, &two] {
            app.until_stats((400, "100.00", 0, 400, 40)).await;
        }
    }

    async fn when_one_ends_the_other_goes_on(fixture: &Fixture) {
        let one = AnalyticsApp::start(fixture).await;
        let persons: Vec<_> = (0..40).map(|_| user()).collect();
        let events = || persons.iter().map(|person| created(*person, "0.25", NOON)).collect();
        one.payments.publish_all(events()).await;
        // So it has its leases before `two` begins. On SQLite a process that begins takes over all of them, and
        // for ever, since a folder has one process at a time: had `one` begun last, nobody would follow it.
        one.until_stats((40, "10.00", 0, 40, 40)).await;
        let two = AnalyticsApp::start(fixture).await;
        two.payments.publish_all(events()).await;
        eventually("more is counted", async || {
            (two.stats().await["events_processed"].as_u64().unwrap() > 40).then_some(())
        })
        .await;
        one.stop().await;
        two.payments.publish_all(events()).await;
        two.until_stats((120, "30.00", 0, 120, 40)).await;
    }

    async fn a_rebuild_is_done_by_all_together(fixture: &Fixture) {
        let (one, two) = (AnalyticsApp::start(fixture).await, AnalyticsApp::start(fixture).await);
        let persons: Vec<_> = (0..40).map(|_| user()).collect();
        let events = || persons.iter().map(|person| created(*person, "0.25", NOON)).collect();
        one.payments.publish_all(events()).await;
        one.until_stats((40, "10.00", 0, 40, 40)).await;
        let generation = one.operator().rebuild().await.unwrap();
        eventually("it is rebuilt", async || {
            two.payments.publish_all(events()).await;
            let known = two.operator().generations().await.unwrap();
            known.iter().any(|known| known.generation == generation && known.state.as_str() == "live").then_some(())
        })
        .await;
        two.payments.publish_all(events()).await;
        let published = two.count_events().await;
        let cents = published * 25;
        let sum = format!("{}.{:02}", cents / 100, cents % 100);
        for app in [&one, &two] {
            app.until_stats((published, &sum, 0, published, 40)).await;
        }
    }
}
