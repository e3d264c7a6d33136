//! Who gets webhooks: admins manage them.

use futures::future::join_all;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{NotificationsApp, start, text};
use crate::webhook_receiver::start_near;

const ENDPOINTS: &str = "SELECT endpoint_id FROM webhook_endpoints";

fn endpoint(host: &str) -> Value {
    json!({ "url": format!("https://{host}/hooks"), "events": ["order.paid"] })
}

on_both_databases! {
    async fn an_endpoint_is_made_changed_and_removed(fixture: &Fixture) {
        let app = start(fixture).await;
        let (admin, path) = (app.admin(), "/webhook-endpoints");
        let body = json!({ "url": "https://Shop.example.com:443/a?b=c", "events": ["stock.changed", "order.paid"], "description": "the warehouse" });
        let made = admin.client.post(path, &body).await.expect(201);
        let secret = text(&made["secret"]);
        assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
        let mut expected = made.clone();
        expected.as_object_mut().unwrap().remove("secret");
        let one = format!("{path}/{}", text(&made["id"]));
        let found = admin.client.get(&one).await.expect(200);
        assert_eq!(found, expected, "the secret is shown once");
        assert_eq!(found, json!({
            "id": made["id"], "url": "https://shop.example.com/a?b=c", "events": ["order.paid", "stock.changed"],
            "description": "the warehouse", "status": "enabled", "disabled_reason": null, "disabled_at": null, "failing_since": null,
            "previous_secret_until": null, "created_at": "2030-01-01T00:00:00.000000Z", "updated_at": "2030-01-01T00:00:00.000000Z",
        }));
        let rows = app.rows("SELECT secret_check FROM webhook_endpoints").await;
        let kept = rows[0].get::<String>("secret_check").unwrap();
        assert!(!secret.contains(&kept) && kept.len() == 16, "the secret is not stored");
        fixture.advance(std::time::Duration::from_secs(5));
        let patch = async |body: Value| admin.client.send(Method::PATCH, &one, Some(&body)).await.expect(200);
        let changed = patch(json!({ "events": ["*"], "description": null, "status": "disabled" })).await;
        assert_eq!((&changed["events"], &changed["description"], &changed["status"]), (&json!(["*"]), &Value::Null, &json!("disabled")));
        assert_eq!((&changed["disabled_reason"], &changed["disabled_at"]), (&json!("requested"), &json!("2030-01-01T00:00:05.000000Z")));
        assert_eq!(patch(json!({})).await, changed);
        admin.client.post(&format!("{one}/test"), &Value::Null).await.expect_error(409, "the endpoint is disabled");
        let changed = patch(json!({ "url": "https://other.example.com", "status": "enabled" })).await;
        assert_eq!((&changed["url"], &changed["status"], &changed["disabled_reason"]), (&json!("https://other.example.com/"), &json!("enabled"), &Value::Null));
        assert_eq!(admin.client.get(path).await.expect(200)["items"], json!([changed]));
        assert_eq!(admin.client.delete(&one).await.expect(200), changed);
        admin.client.get(&one).await.expect_error(404, "Webhook endpoint not found");
        admin.client.delete(&one).await.expect_error(404, "Webhook endpoint not found");
        for list in ["deliveries", "attempts"] {
            admin.client.get(&format!("{one}/{list}")).await.expect_error(404, "Webhook endpoint not found");
        }
        admin.client.post(&format!("{one}/test"), &Value::Null).await.expect_error(404, "Webhook endpoint not found");
    }

    async fn what_is_no_endpoint_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let (admin, paid) = (app.admin(), json!(["order.paid"]));
        let url = "https://shop.example.com/";
        for (body, wrong) in [
            (json!({ "events": paid }), "/url"),
            (json!({ "url": url }), "/events"),
            (json!({ "url": url, "events": [] }), "/events"),
            (json!({ "url": url, "events": ["order.paid", "order.paid"] }), "/events"),
            (json!({ "url": url, "events": ["order.paid", "*"] }), "/events"),
            (json!({ "url": url, "events": ["order.lost"] }), "/events/0"),
            (json!({ "url": url, "events": paid, "description": "" }), "/description"),
            (json!({ "url": url, "events": paid, "description": "x".repeat(201) }), "/description"),
            (json!({ "url": url, "events": paid, "secret": "mine" }), "/secret"),
            (json!({ "url": "http://shop.example.com/", "events": paid }), "/url"),
            (json!({ "url": "https://a:b@shop.example.com/", "events": paid }), "/url"),
            (json!({ "url": "https://shop.example.com:25/", "events": paid }), "/url"),
            (json!({ "url": "https://127.0.0.1/", "events": paid }), "/url"),
            (json!({ "url": "https://2130706433/", "events": paid }), "/url"),
            (json!({ "url": "https://[::ffff:169.254.169.254]/latest/meta-data", "events": paid }), "/url"),
            (json!({ "url": "https://localhost/", "events": paid }), "/url"),
            (json!({ "url": "https://10.1.2.3:8443/", "events": paid }), "/url"),
        ] {
            let refused = admin.client.post("/webhook-endpoints", &body).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], wrong, "{body}");
        }
        assert_eq!(app.count(ENDPOINTS).await, 0);
        let made = admin.client.post("/webhook-endpoints", &endpoint("shop.example.com")).await.expect(201);
        let one = format!("/webhook-endpoints/{}", text(&made["id"]));
        for (body, wrong) in [
            (json!({ "url": "https://192.168.0.1/" }), "/url"), (json!({ "url": null }), "/url"), (json!({ "events": [] }), "/events"),
            (json!({ "status": "gone" }), "/status"), (json!({ "description": "\0" }), "/description"), (json!({ "secret": "x" }), "/secret"),
        ] {
            let refused = admin.client.send(Method::PATCH, &one, Some(&body)).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], wrong, "{body}");
        }
        let refused = admin.client.post(&format!("{one}/rotate-secret"), &json!({ "overlap_hours": 169 })).await.expect(400);
        assert_eq!(refused["errors"][0]["pointer"], "/overlap_hours");
        admin.client.post(&format!("{one}/replay"), &json!({ "since": "yesterday" })).await.expect(400);
        for query in ["state=lost", "limit=0", "cursor=YQ"] {
            admin.client.get(&format!("{one}/deliveries?{query}")).await.expect(400);
        }
        admin.client.get(&format!("{one}/attempts?cursor=YQ")).await.expect(400);
        let unchanged = admin.client.get(&one).await.expect(200);
        assert_eq!(unchanged["url"], made["url"]);
    }

    async fn there_are_only_so_many_endpoints_and_one_at_each_address(fixture: &Fixture) {
        let app = NotificationsApp::start_with(fixture, &[("notifications.webhooks.endpoints", "3")]).await;
        let admin = app.admin();
        let make = async |host: String| admin.client.post("/webhook-endpoints", &endpoint(&host)).await;
        let same = join_all((0..5).map(|_| make("one.example.com".to_owned()))).await;
        assert_eq!(same.iter().filter(|reply| reply.status == 201).count(), 1);
        for reply in same.iter().filter(|reply| reply.status != 201) {
            reply.expect_error(409, "there is an endpoint of this address already");
        }
        let many = join_all((0..8).map(|number| make(format!("{number}.example.com")))).await;
        let made: Vec<_> = many.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!((made.len(), app.count(ENDPOINTS).await), (2, 3));
        for reply in many.iter().filter(|reply| reply.status != 201) {
            reply.expect_error(409, "there are at most 3 endpoints");
        }
        let path = format!("/webhook-endpoints/{}", text(&made[0].json()["id"]));
        let moved = json!({ "url": "https://one.example.com/hooks" });
        admin.client.send(Method::PATCH, &path, Some(&moved)).await.expect_error(409, "there is an endpoint of this address already");
        let page = admin.client.get("/webhook-endpoints?limit=2").await.expect(200);
        let rest = admin.client.get(&format!("/webhook-endpoints?limit=2&cursor={}", text(&page["next_cursor"]))).await.expect(200);
        assert_eq!((page["items"].as_array().map(Vec::len), rest["items"].as_array().map(Vec::len)), (Some(2), Some(1)));
    }

    async fn while_a_secret_is_changed_webhooks_are_signed_with_both(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/ok", &["*"]).await;
        let rotated = endpoint.ask(&app, "rotate-secret", &json!({ "overlap_hours": 1 })).await;
        let new = text(&rotated["secret"]);
        assert_eq!(rotated["previous_secret_until"], "2030-01-01T01:00:00.000000Z");
        receiver.trust(&app, &[&endpoint.secret, &new]).await;
        let made = endpoint.ask(&app, "test", &Value::Null).await;
        let both = receiver.next().await;
        assert_eq!((&both["signatures"], &both["verified"], &both["id"]), (&json!(2), &json!([0, 1]), &made["webhook_id"]));
        // Else its time for the attempt runs out, and it is sent again.
        endpoint.until_tried(&app, 1).await;
        fixture.advance(std::time::Duration::from_hours(1));
        receiver.trust(&app, &[&endpoint.secret, &new]).await;
        endpoint.ask(&app, "test", &Value::Null).await;
        let one = receiver.next().await;
        assert_eq!((&one["signatures"], &one["verified"]), (&json!(1), &json!([1])));
        // At once, where the old one is in the wrong hands.
        let newest = text(&endpoint.ask(&app, "rotate-secret", &json!({ "overlap_hours": 0 })).await["secret"]);
        receiver.trust(&app, &[&new, &newest]).await;
        endpoint.ask(&app, "test", &Value::Null).await;
        assert_eq!(receiver.next().await["verified"], json!([1]));
    }
}
