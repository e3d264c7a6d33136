//! Statistics over time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{AnalyticsApp, moment, user};

fn values(series: &Value) -> Vec<Value> {
    let points = series["points"].as_array().unwrap();
    points.iter().map(|point| point["value"].clone()).collect()
}

/// Ada creates three transactions around an hour's and a day's end, and pays.
async fn two_days(app: &AnalyticsApp) {
    let ada = user();
    for (at, amount) in [
        ("2029-12-31T22:59:59.999999Z", "1.00"),
        ("2029-12-31T23:00:00Z", "2.00"),
        ("2030-01-01T00:00:00Z", "4.10"),
    ] {
        app.payments.created(ada, amount, moment(at)).await;
    }
    app.payments.paid(ada, 3, moment("2030-01-01T01:30:00Z")).await;
    app.until_stats((3, "7.10", 3, 4, 1)).await;
}

on_both_databases! {
    async fn an_event_belongs_to_the_hour_in_which_it_happened(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        two_days(&app).await;
        let hours = "interval=hour&from=2029-12-31T22:00:00Z&to=2030-01-01T02:00:00Z";
        for (metric, expected) in [
            ("transactions", json!([1, 1, 1, 0])),
            ("amount", json!([1.0, 2.0, 4.1, 0.0])),
            ("paid_transactions", json!([0, 0, 0, 3])),
            ("events", json!([1, 1, 1, 1])),
            ("new_users", json!([1, 0, 0, 0])),
        ] {
            let path = format!("/stats/timeseries?metric={metric}&{hours}");
            let series = app.staff().get(&path).await.expect(200);
            assert_eq!(json!(values(&series)), expected, "{metric}");
            assert_eq!((&series["metric"], &series["interval"]), (&json!(metric), &json!("hour")));
        }
    }

    async fn a_span_is_rounded_to_whole_points(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        two_days(&app).await;
        for (span, from, to, counts) in [
            ("from=2029-12-31T00:00:00Z&to=2030-01-01T00:00:00Z", "2029-12-31", "2030-01-01", json!([2])),
            ("from=2029-12-31T00:00:00Z&to=2030-01-01T00:00:00.000001Z", "2029-12-31", "2030-01-02", json!([2, 1])),
            ("from=2029-12-31T23:59:59Z&to=2030-01-01T00:00:00Z", "2029-12-31", "2030-01-01", json!([2])),
            ("from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z", "2030-01-01", "2030-01-02", json!([1])),
            ("from=2030-01-01T00:00:00%2B01:00&to=2030-01-01T00:00:00Z", "2029-12-31", "2030-01-01", json!([2])),
        ] {
            let series = app.staff().get(&format!("/stats/timeseries?interval=day&{span}")).await.expect(200);
            assert_eq!(series["from"], json!(format!("{from}T00:00:00.000000Z")), "{span}");
            assert_eq!(series["to"], json!(format!("{to}T00:00:00.000000Z")), "{span}");
            assert_eq!(json!(values(&series)), counts, "{span}");
        }
    }

    async fn without_a_span_it_is_what_was_lately(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        two_days(&app).await;
        // The clock of the story stands at the very beginning of 2030.
        let days = app.staff().get("/stats/timeseries").await.expect(200);
        assert_eq!((values(&days).len(), values(&days).last().cloned()), (30, Some(json!(2))));
        app.process.time.advance(Duration::from_mins(10));
        let days = app.staff().get("/stats/timeseries").await.expect(200);
        assert_eq!((values(&days).len(), values(&days).last().cloned()), (31, Some(json!(1))));
        let hours = app.staff().get("/stats/timeseries?interval=hour").await.expect(200);
        assert_eq!(values(&hours).len(), 25);
        assert_eq!(values(&hours)[22..], [json!(1), json!(1), json!(1)]);
    }

    async fn a_sum_is_an_exact_number(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = user();
        app.payments.created(ada, "0.10", moment("2030-01-01T00:00:00Z")).await;
        app.payments.created(ada, "0.20", moment("2030-01-01T00:00:00Z")).await;
        app.until_stats((2, "0.30", 0, 2, 1)).await;
        let path = "/stats/timeseries?metric=amount&from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z";
        let reply = app.staff().get(path).await;
        reply.expect(200);
        assert!(String::from_utf8_lossy(&reply.body).contains("\"value\":0.30}"));
    }
}
