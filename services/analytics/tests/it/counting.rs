//! What is counted, and that it is exact whatever happens.

use std::collections::BTreeSet;
use std::time::Duration;

use kit_bus::Effects;
use kit_db::Reader;
use kit_event::{Event, Topic};
use kit_runtime::Timestamp;
use kit_testing::{Identity, eventually, on_both_databases};
use payments_api::TransactionCreated;
use serde_json::{Value, json};

use crate::app::{AnalyticsApp, NOON, created, number, user};

/// A type that analytics does not know.
#[derive(Clone, serde::Serialize)]
struct Refunded {
    user_id: String,
}

impl Event for Refunded {
    const TOPIC: &'static Topic = TransactionCreated::TOPIC;
    const TYPE: &'static str = "transaction.refunded";

    fn key(&self) -> String {
        self.user_id.clone()
    }
}

on_both_databases! {
    async fn what_happened_is_counted_to_the_cent(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.until_stats((0, "0.00", 0, 0, 0)).await;
        let (ada, grace) = (user(), user());
        app.payments.created(ada, "850.50", NOON).await;
        app.payments.created(ada, "0.01", NOON).await;
        app.payments.created(grace, "0.1", NOON).await;
        app.payments.paid(ada, 2, NOON).await;
        app.until_stats((3, "850.61", 2, 4, 2)).await;
    }

    async fn thousands_of_small_amounts_lose_nothing(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let persons: Vec<_> = (0..50).map(|_| user()).collect();
        for round in 0..20 {
            let events = persons.iter().map(|person| created(*person, "0.07", NOON.plus(Duration::from_secs(round))));
            app.payments.publish_all(events.collect()).await;
        }
        app.until_stats((1_000, "70.00", 0, 1_000, 50)).await;
    }

    async fn a_user_has_statistics_of_their_own(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (ada, grace) = (Identity::customer("ada"), Identity::customer("grace"));
        let later = NOON.plus(Duration::from_mins(90));
        app.payments.created(ada.user_id, "10.10", later).await;
        app.payments.created(ada.user_id, "5", NOON).await;
        app.payments.paid(ada.user_id, 2, NOON.plus(Duration::from_mins(10))).await;
        app.payments.created(grace.user_id, "1", NOON).await;
        app.until_stats((3, "16.10", 2, 4, 2)).await;
        let expected = json!({
            "user_id": ada.user_id.to_string(), "total_transactions": 2, "total_amount": 15.1,
            "total_paid_transactions": 2, "events_processed": 3,
            "first_event_at": NOON, "last_event_at": later,
        });
        let path = format!("/stats/users/{}", ada.user_id);
        let own = app.somebody(&ada).get(&path).await;
        assert_eq!(own.expect(200), expected);
        assert!(String::from_utf8_lossy(&own.body).contains("\"total_amount\":15.10,"), "two decimals");
        assert_eq!(app.staff().get(&path).await.expect(200), expected);
    }

    async fn who_has_done_nothing_has_zeros(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = Identity::customer("ada");
        let seen = app.somebody(&ada).get(&format!("/stats/users/{}", ada.user_id)).await.expect(200);
        assert_eq!(
            seen,
            json!({
                "user_id": ada.user_id.to_string(), "total_transactions": 0, "total_amount": 0.0,
                "total_paid_transactions": 0, "events_processed": 0, "first_event_at": null, "last_event_at": null,
            })
        );
    }

    async fn users_are_listed_page_by_page(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut persons: Vec<_> = (0..5).map(|_| user().to_string()).collect();
        for person in &persons {
            app.payments.created(person.parse().unwrap(), "1", NOON).await;
        }
        app.until_stats((5, "5.00", 0, 5, 5)).await;
        persons.sort();
        let (staff, mut seen) = (app.staff(), Vec::new());
        let mut path = "/stats/users?limit=2".to_owned();
        loop {
            let page = staff.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(items.iter().map(|item| item["user_id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/stats/users?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, persons);
    }

    async fn events_of_other_types_are_passed_over(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = user();
        app.payments.publish(Refunded { user_id: ada.to_string() }).await;
        app.payments.created(ada, "1", NOON).await;
        app.until_stats((1, "1.00", 0, 1, 1)).await;
    }

    async fn somebody_elses_event_counts_too(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let payload = json!({
            "user_id": "somebody", "amount": 3, "timestamp": "2030-01-01T12:00:00+02:00", "more": [1, 2],
        });
        app.payments.publish_raw("transaction.created", "somebody", &payload.to_string()).await;
        app.until_stats((1, "3.00", 0, 1, 1)).await;
        let listed = app.staff().get("/stats/users").await.expect(200);
        assert_eq!(listed["items"][0]["user_id"], "somebody");
    }

    async fn what_cannot_be_counted_is_a_dead_letter_and_the_others_go_on(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (eve, ada) = (user(), user());
        let of_eve = |amount: Value| json!({ "user_id": eve, "amount": amount, "timestamp": NOON }).to_string();
        let key = eve.to_string();
        app.payments.publish_raw("transaction.created", &key, &of_eve(json!("10"))).await;
        app.payments.publish_raw("transaction.created", &key, &of_eve(json!(7))).await;
        app.payments.created(ada, "2", NOON).await;
        app.until_stats((1, "2.00", 0, 1, 1)).await;
        let letters = eventually("the letter is dead", async || {
            let letters = app.bus.admin().dead_letters(None).await.unwrap();
            (!letters.is_empty()).then_some(letters)
        })
        .await;
        assert_eq!((letters[0].consumer.as_str(), letters.len()), ("analytics", 1));
        app.bus.admin().drop_event("analytics", &letters[0].event_id).await.unwrap();
        app.until_stats((2, "9.00", 0, 2, 2)).await;
    }

    async fn what_is_delivered_again_counts_once(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let persons: Vec<_> = (0..20).map(|_| user()).collect();
        let events = || persons.iter().map(|person| created(*person, "1.50", NOON)).collect();
        app.payments.publish_all(events()).await;
        app.until_stats((20, "30.00", 0, 20, 20)).await;
        let (admin, beginning) = (app.bus.admin(), Timestamp::from_seconds(0));
        // It has begun with the log of orders as well, in which there is nothing.
        eventually("it stands in both logs", async || {
            let standing = admin.lag().await.unwrap();
            let of_it = standing.iter().filter(|lag| lag.consumer == "analytics");
            let logs: BTreeSet<_> = of_it.map(|lag| &lag.source).collect();
            (logs.len() == 2).then_some(())
        })
        .await;
        let replayed = admin.replay_since("analytics", beginning, Effects::Keep);
        assert_eq!(replayed.await.unwrap().len(), 2, "the logs of payments and of orders");
        app.payments.publish_all(events()).await;
        app.until_stats((40, "60.00", 0, 40, 20)).await;
        app.caught_up().await;
        app.until_stats((40, "60.00", 0, 40, 20)).await;
    }

    async fn a_process_that_ends_at_any_moment_loses_and_doubles_nothing(fixture: &Fixture) {
        let persons: Vec<_> = (0..10).map(|_| user()).collect();
        for round in 1..=5_u64 {
            let app = AnalyticsApp::start(fixture).await;
            for _ in 0..10 {
                let events = persons.iter().map(|person| created(*person, "0.10", NOON));
                app.payments.publish_all(events.collect()).await;
            }
            // Sooner in one round, later in another: whatever it is at.
            eventually("it has counted something", async || {
                let events = app.stats().await["events_processed"].as_u64().unwrap();
                (events >= (round - 1) * 100 + round * 10).then_some(())
            })
            .await;
            app.stop().await;
        }
        let app = AnalyticsApp::start(fixture).await;
        app.until_stats((500, "50.00", 0, 500, 10)).await;
        app.caught_up().await;
        app.until_stats((500, "50.00", 0, 500, 10)).await;
        let left = app.db.read(async |reader: &mut Reader| Ok(number(reader, "SELECT COUNT(*) FROM facts").await));
        assert_eq!(left.await.unwrap(), 0, "every fact is added up");
    }

    async fn facts_of_a_process_that_has_ended_are_added_up_by_the_next(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        app.payments.created(user(), "1", NOON).await;
        app.until_stats((1, "1.00", 0, 1, 1)).await;
        app
            .execute("INSERT INTO facts (generation, event_id, user_id, at, transactions, amount_minor, paid) \
                     VALUES (1, 'left-behind', 'ada', 1893499200000000, 1, 250, 0)")
            .await;
        app.until_stats((2, "3.50", 0, 2, 2)).await;
    }

    async fn a_user_is_new_once(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = user();
        for hour in 0..3 {
            app.payments.created(ada, "1", NOON.plus(Duration::from_hours(hour))).await;
            app.until_stats((hour + 1, &format!("{}.00", hour + 1), 0, hour + 1, 1)).await;
        }
        let path = "/stats/timeseries?metric=new_users&interval=hour&from=2030-01-01T12:00:00Z&to=2030-01-01T15:00:00Z";
        let series = app.staff().get(path).await.expect(200);
        let values: Vec<_> = series["points"].as_array().unwrap().iter().map(|point| &point["value"]).collect();
        assert_eq!(values, [1, 0, 0]);
    }
}
