//! Counting everything anew, while everything goes on.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use kit_runtime::Clock;
use kit_testing::{eventually, on_both_databases};
use serde_json::Value;

use crate::app::{AnalyticsApp, NOON, created, user};

pub(crate) async fn until_live(app: &AnalyticsApp, generation: i64) {
    eventually("the new generation is shown", async || {
        let known = app.operator().generations().await.unwrap();
        let found = known.iter().find(|known| known.generation == generation);
        found.filter(|known| known.state.as_str() == "live").map(|_| ())
    })
    .await;
}

/// Tells events without a break until it is told to stop; how many.
async fn publish_until(app: &AnalyticsApp, enough: &AtomicBool) -> u64 {
    let persons: Vec<_> = (0..10).map(|_| user()).collect();
    let mut published = 0;
    while !enough.load(Ordering::SeqCst) && published < 20_000 {
        let events = persons.iter().map(|person| created(*person, "0.01", NOON));
        app.payments.publish_all(events.collect()).await;
        published += 10;
        // So much at once that there is always something to do, and no more.
        eventually("most of it is counted", async || {
            let counted = app.stats().await["events_processed"].as_u64().unwrap();
            let may_be_left = if enough.load(Ordering::SeqCst) {
                u64::MAX
            } else {
                2_000
            };
            (published < counted.saturating_add(may_be_left)).then_some(())
        })
        .await;
    }
    published
}

/// Whether no count went back.
fn grew(before: &Value, after: &Value) -> bool {
    let members = [
        "total_transactions",
        "total_paid_transactions",
        "events_processed",
        "unique_users",
    ];
    members
        .iter()
        .all(|member| before[*member].as_u64() <= after[*member].as_u64())
        && before["total_amount"].as_f64() <= after["total_amount"].as_f64()
}

on_both_databases! {
    async fn wrong_counts_are_mended(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (ada, grace) = (user(), user());
        app.payments.created(ada, "10", NOON).await;
        app.payments.created(grace, "5", NOON).await;
        app.payments.paid(ada, 1, NOON).await;
        app.until_stats((2, "15.00", 1, 3, 2)).await;
        app.execute("UPDATE generations SET amount_minor = 999, transactions = 77, paid = 5").await;
        app.execute("UPDATE user_counts SET amount_minor = 3").await;
        app.execute("DELETE FROM hour_counts").await;
        app.until_stats((77, "9.99", 5, 3, 2)).await;
        let generation = app.operator().rebuild().await.unwrap();
        assert_eq!(generation, 2);
        until_live(&app, generation).await;
        app.until_stats((2, "15.00", 1, 3, 2)).await;
        let path = format!("/stats/users/{ada}");
        assert_eq!(app.staff().get(&path).await.expect(200)["total_amount"], 10.0);
        let series = "/stats/timeseries?metric=amount&from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z";
        assert_eq!(app.staff().get(series).await.expect(200)["points"][0]["value"], 15.0);
        app.payments.created(ada, "1", NOON).await;
        app.until_stats((3, "16.00", 1, 4, 2)).await;
    }

    async fn nothing_is_left_of_what_was_replaced(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(user(), "10", NOON).await;
        app.until_stats((1, "10.00", 0, 1, 1)).await;
        let generation = app.operator().rebuild().await.unwrap();
        until_live(&app, generation).await;
        eventually("the old rows are gone", async || {
            let left = app.count("SELECT generation FROM user_counts WHERE generation = 1").await
                + app.count("SELECT generation FROM hour_counts WHERE generation = 1").await;
            (left == 0).then_some(())
        })
        .await;
        app.until_stats((1, "10.00", 0, 1, 1)).await;
    }

    async fn what_was_replaced_hears_of_nothing_any_more(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(user(), "10", NOON).await;
        app.until_stats((1, "10.00", 0, 1, 1)).await;
        let generation = app.operator().rebuild().await.unwrap();
        until_live(&app, generation).await;
        let admin = app.bus.admin();
        eventually("its consumer is removed", async || {
            let consumers: Vec<_> = admin.consumers().await.unwrap().into_iter().collect();
            (consumers == ["analytics.2"]).then_some(())
        })
        .await;
        app.payments.created(user(), "1", NOON).await;
        app.until_stats((2, "11.00", 0, 2, 2)).await;
        assert_eq!(app.count("SELECT generation FROM facts WHERE generation = 1").await, 0);
        assert_eq!(admin.consumers().await.unwrap().len(), 1);
    }

    async fn under_load_a_rebuild_is_exact_and_no_count_goes_back(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let persons: Vec<_> = (0..30).map(|_| user()).collect();
        for _ in 0..20 {
            let events = persons.iter().map(|person| created(*person, "0.01", NOON));
            app.payments.publish_all(events.collect()).await;
        }
        app.until_stats((600, "6.00", 0, 600, 30)).await;
        let enough = AtomicBool::new(false);
        let watching = async {
            let generation = app.operator().rebuild().await.unwrap();
            let mut before = app.stats().await;
            eventually("the new generation is shown", async || {
                let now = app.stats().await;
                assert!(grew(&before, &now), "{before} {now}");
                before = now;
                let known = app.operator().generations().await.unwrap();
                known.iter().any(|known| known.generation == generation && known.state.as_str() == "live").then_some(())
            })
            .await;
            let now = app.stats().await;
            assert!(grew(&before, &now), "{before} {now}");
            enough.store(true, Ordering::SeqCst);
        };
        let (published, ()) = tokio::join!(publish_until(&app, &enough), watching);
        let all = published + 600;
        let sum = format!("{}.{:02}", all / 100, all % 100);
        app.until_stats((all, &sum, 0, all, 40)).await;
    }

    async fn a_rebuild_goes_on_in_the_next_process(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let persons: Vec<_> = (0..30).map(|_| user()).collect();
        for _ in 0..30 {
            let events = persons.iter().map(|person| created(*person, "0.01", NOON));
            app.payments.publish_all(events.collect()).await;
        }
        app.until_stats((900, "9.00", 0, 900, 30)).await;
        let generation = app.operator().rebuild().await.unwrap();
        app.stop().await;
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(persons[0], "1", NOON).await;
        until_live(&app, generation).await;
        app.until_stats((901, "10.00", 0, 901, 30)).await;
        app.stop().await;
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(persons[0], "1", NOON).await;
        app.until_stats((902, "11.00", 0, 902, 30)).await;
    }

    async fn a_second_rebuild_overtakes_the_first(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(user(), "10", NOON).await;
        app.until_stats((1, "10.00", 0, 1, 1)).await;
        let (first, second) = (app.operator().rebuild().await.unwrap(), app.operator().rebuild().await.unwrap());
        assert_eq!((first, second), (2, 3));
        until_live(&app, second).await;
        let states: Vec<_> = app.operator().generations().await.unwrap().into_iter().map(|known| known.state.as_str()).collect();
        assert_eq!(states, ["retired", "retired", "live"]);
        app.payments.created(user(), "1", NOON).await;
        app.until_stats((2, "11.00", 0, 2, 2)).await;
    }

    async fn what_the_new_generation_cannot_count_keeps_the_old_one_shown(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (ada, grace) = (user(), user());
        app.payments.created(ada, "10", NOON).await;
        app.payments.created(grace, "5", NOON).await;
        app.until_stats((2, "15.00", 0, 2, 2)).await;
        // As if the older one had counted something that the log does not hold any more.
        app.execute("UPDATE user_counts SET events = events + 1").await;
        app.execute("UPDATE generations SET events = events + 2").await;
        let generation = app.operator().rebuild().await.unwrap();
        let begun = Clock::system().now();
        eventually("it has read everything", async || {
            let known = app.operator().generations().await.unwrap();
            let found = known.into_iter().find(|known| known.generation == generation)?;
            assert_eq!(found.state.as_str(), "building", "{begun}");
            (found.events == 2 && found.rows_behind == Some(0)).then_some(())
        })
        .await;
        app.payments.created(ada, "1", NOON).await;
        app.until_stats((3, "16.00", 0, 5, 2)).await;
    }
}
