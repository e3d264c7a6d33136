//! Requests that analytics does not understand: a 4xx of the one shape, and nothing counted.

use bytes::Bytes;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::AnalyticsApp;

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).collect()
}

on_both_databases! {
    async fn a_batch_that_cannot_be_is_refused_by_member(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let stranger = app.stranger();
        let good = json!({ "type": "page_viewed" });
        for (body, pointer) in [
            (json!({}), "/events"),
            (json!({ "events": [] }), "/events"),
            (json!({ "events": vec![good.clone(); 101] }), "/events"),
            (json!({ "events": {} }), "/events"),
            (json!({ "events": [good, 1] }), "/events/1"),
            (json!({ "events": [good, {}] }), "/events/1/type"),
            (json!({ "events": [{ "type": "bought" }] }), "/events/0/type"),
            (json!({ "events": [{ "type": "product_viewed" }] }), "/events/0/sku"),
            (json!({ "events": [{ "type": "product_viewed", "sku": "a b" }] }), "/events/0/sku"),
            (json!({ "events": [{ "type": "product_viewed", "sku": "" }] }), "/events/0/sku"),
            (json!({ "events": [{ "type": "product_viewed", "sku": "\u{0}" }] }), "/events/0/sku"),
            (json!({ "events": [{ "type": "product_viewed", "sku": 7 }] }), "/events/0/sku"),
            (json!({ "events": [{ "type": "added_to_cart", "sku": "A", "quantity": 0 }] }), "/events/0/quantity"),
            (json!({ "events": [{ "type": "added_to_cart", "sku": "A", "quantity": -1 }] }), "/events/0/quantity"),
            (json!({ "events": [{ "type": "added_to_cart", "sku": "A", "quantity": 1.5 }] }), "/events/0/quantity"),
            (json!({ "events": [{ "type": "page_viewed", "at": "yesterday" }] }), "/events/0/at"),
            (json!({ "events": [{ "type": "page_viewed", "at": "2030-01-02T00:00:00Z" }] }), "/events/0/at"),
            (json!({ "events": [{ "type": "page_viewed", "user": "ada" }] }), "/events/0/user"),
            (json!({ "events": [good], "anonymous_id": "ada" }), "/anonymous_id"),
            (json!({ "events": [good], "anonymous_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c" }), "/anonymous_id"),
            (json!({ "events": [good], "user_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c" }), "/user_id"),
        ] {
            let refused = stranger.post("/track", &body).await.expect(400);
            assert_eq!(refused["code"], "validation_failed", "{body}");
            assert_eq!(pointers(&refused), [pointer], "{body}");
        }
        assert_eq!(app.count("SELECT visitor FROM journeys").await, 0);
    }

    async fn one_bad_event_refuses_the_whole_batch(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let events = json!([{ "type": "product_viewed", "sku": "TEA" }, { "type": "page_viewed", "sku": "TEA" }]);
        let refused = app.stranger().post("/track", &json!({ "events": events })).await.expect(400);
        assert_eq!(pointers(&refused), ["/events/1/sku"]);
        assert_eq!(app.count("SELECT sku FROM product_days").await, 0);
    }

    async fn bytes_that_are_no_json_are_refused(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let stranger = app.stranger();
        let send = async |content_type, body: Bytes| {
            stranger.send_raw(Method::POST, "/track", content_type, body).await
        };
        let json = Some("application/json");
        assert_eq!(send(json, "{nope".into()).await.expect(400)["code"], "malformed_json");
        assert_eq!(send(json, Bytes::from_static(b"{\"events\":\"\xff\"}")).await.expect(400)["status"], "400");
        send(Some("text/plain"), "{}".into()).await.expect(415);
        let huge = format!("{{\"anonymous_id\":\"{}\"}}", "x".repeat(32 * 1024));
        send(json, huge.into()).await.expect_error(413, "the body is larger than 32768 bytes");
    }

    async fn a_question_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let staff = app.staff();
        let backwards = "from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z";
        for path in ["/stats/timeseries", "/stats/funnel", "/stats/top-products"] {
            for (query, message) in [
                (backwards.to_owned(), Some("`from` must come before `to`")),
                ("from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z".to_owned(), Some("`from` must come before `to`")),
                ("from=1969-01-01T00:00:00Z".to_owned(), Some("`from` and `to` must lie in the years 1970 to 9998")),
                ("to=9999-06-01T00:00:00Z".to_owned(), Some("`from` and `to` must lie in the years 1970 to 9998")),
                ("from=1990-01-01T00:00:00Z&to=2020-01-01T00:00:00Z".to_owned(), None),
                ("from=yesterday".to_owned(), None),
                ("since=2030-01-01T00:00:00Z".to_owned(), None),
            ] {
                let refused = staff.get(&format!("{path}?{query}")).await;
                assert_eq!(refused.expect(400)["code"], "invalid_query", "{path}?{query}");
                if let Some(message) = message {
                    refused.expect_error(400, message);
                }
            }
        }
        for path in [
            "/stats/timeseries?metric=money", "/stats/timeseries?interval=minute", "/stats/top-products?limit=0",
            "/stats/top-products?limit=101", "/stats/top-products?by=price", "/stats/users?limit=0",
            "/stats/users?cursor=?", "/stats/users?offset=1", "/stats/timeseries?metric=events&metric=events",
        ] {
            assert_eq!(staff.get(path).await.expect(400)["status"], "400", "{path}");
        }
        for id in ["me", "%00", "0190c2a4"] {
            assert_eq!(staff.get(&format!("/stats/users/{id}")).await.expect(400)["code"], "invalid_path");
        }
    }
}
