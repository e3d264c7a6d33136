//! Endpoints that do not take what they are sent, and those that nothing may be sent to.

use std::time::Duration;

use kit_testing::{Person, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{NotificationsApp, list, new_id, paid, text};
use crate::mailbox::mail_to;
use crate::webhook_receiver::{Endpoint, NEAR, Receiver, start_near, start_near_with};

async fn pay(app: &NotificationsApp) {
    app.orders.publish(paid(new_id(), "1", app.now())).await;
}

/// An endpoint that an admin made whom something can be said to.
async fn managed(app: &NotificationsApp, receiver: &Receiver, path: &str) -> (Person, Endpoint) {
    let admin = app.admin();
    let body = json!({ "url": receiver.url(path), "events": ["order.paid"] });
    let made = admin.client.post("/webhook-endpoints", &body).await.expect(201);
    app.auth_double
        .set_address(admin.identity.user_id, "root@example.com");
    let endpoint = Endpoint {
        path: format!("/webhook-endpoints/{}", text(&made["id"])),
        id: text(&made["id"]),
        secret: text(&made["secret"]),
    };
    (admin, endpoint)
}

/// Waits until the endpoint is disabled, and the admin knows.
async fn until_disabled(app: &NotificationsApp, (admin, endpoint): (&Person, &Endpoint), reason: &str) {
    eventually("it is disabled", async || {
        (endpoint.get(app).await["disabled_reason"] == reason).then_some(())
    })
    .await;
    let admin = app.person(admin.identity.clone());
    let listing = list(&admin).await;
    assert_eq!(listing["items"][0]["kind"], "webhook.disabled");
    assert_eq!(
        listing["items"][0]["link"],
        format!("/admin/webhooks/{}", endpoint.id)
    );
    let mail = mail_to(app, "root@example.com", 1).await.remove(0);
    assert_eq!(mail["subject"], "Webhooks have stopped");
}

on_both_databases! {
    async fn an_endpoint_that_is_gone_gets_nothing_more_and_its_admin_is_told(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let (admin, endpoint) = managed(&app, &receiver, "/status/410").await;
        pay(&app).await;
        receiver.next().await;
        until_disabled(&app, (&admin, &endpoint), "gone").await;
        endpoint.until_states(&app, &["failed"]).await;
        let other = receiver.subscribe(&app, "/ok", &["order.paid"]).await;
        pay(&app).await;
        assert_eq!(receiver.next().await["path"], "/ok", "nothing is kept for who is disabled");
        other.until_states(&app, &["delivered"]).await;
        assert_eq!(endpoint.deliveries(&app).await.len(), 1);
        let preferences = admin.client.get("/notifications/preferences").await.expect(200);
        assert_eq!(preferences["items"].as_array().map(Vec::len), Some(14));
        let body = json!({ "items": [{ "kind": "webhook.disabled", "in_app": false, "email": false }] });
        let refused = admin.client.put("/notifications/preferences", &body).await.expect(400);
        assert_eq!(refused["errors"][0]["pointer"], "/items/0/kind");
    }

    async fn an_endpoint_that_takes_nothing_for_days_is_disabled(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let (admin, endpoint) = managed(&app, &receiver, "/status/500").await;
        pay(&app).await;
        for attempts in 1..=5_usize {
            receiver.next().await;
            endpoint.until_tried(&app, attempts).await;
            let endpoint = endpoint.get(&app).await;
            assert_eq!((&endpoint["failing_since"], endpoint["status"] == "enabled"), (&json!("2030-01-01T00:00:00.000000Z"), attempts < 5));
            // Longer than the longest pause.
            fixture.advance(Duration::from_hours(30));
        }
        endpoint.until_states(&app, &["failed"]).await;
        until_disabled(&app, (&admin, &endpoint), "failing").await;
    }

    async fn whatever_goes_wrong_is_a_failure_with_a_reason(fixture: &Fixture) {
        let (app, mut receiver) = start_near_with(fixture, &[("notifications.webhooks.timeout", "1s")]).await;
        for (path, status_code, reason) in [
            ("/redirect", json!(307), "it answered 307"),
            ("/status/404", json!(404), "it answered 404"),
            ("/status/429", json!(429), "it answered 429"),
            ("/hangup/9", Value::Null, "the connection failed after the request may have been sent"),
            ("/silent/9", Value::Null, "no answer in time"),
        ] {
            let endpoint = receiver.subscribe(&app, path, &["*"]).await;
            endpoint.ask(&app, "test", &Value::Null).await;
            assert_eq!(receiver.next().await["path"], path, "and nobody went where a redirect leads");
            let attempt = endpoint.until_tried(&app, 1).await.remove(0);
            assert_eq!(attempt["status_code"], status_code, "{path}");
            assert!(text(&attempt["error"]).starts_with(reason), "{attempt}");
            endpoint.until_states(&app, &["pending"]).await;
        }
        let gone = Receiver::start().await;
        let endpoint = gone.subscribe(&app, "/ok", &["*"]).await;
        drop(gone);
        endpoint.ask(&app, "test", &Value::Null).await;
        let attempt = endpoint.until_tried(&app, 1).await.remove(0);
        assert!(text(&attempt["error"]).contains("refused"), "{attempt}");
        let large = receiver.subscribe(&app, "/large", &["*"]).await;
        large.ask(&app, "test", &Value::Null).await;
        receiver.next().await;
        large.until_states(&app, &["delivered"]).await;
        let response = text(&large.attempts(&app).await[0]["response"]);
        assert_eq!((response.chars().count(), response.starts_with(" x x")), (1_000, true), "only its beginning, printable");
    }

    async fn nothing_is_sent_into_a_private_network_whoever_allowed_it_before(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let by_address = receiver.subscribe(&app, "/ok", &["*"]).await;
        let named = receiver.url("/ok?named").replace("127.0.0.1", "localhost");
        let body = json!({ "url": named, "events": ["*"] });
        let made = app.admin().client.post("/webhook-endpoints", &body).await.expect(201);
        let by_name = Endpoint { path: format!("/webhook-endpoints/{}", text(&made["id"])), id: text(&made["id"]), secret: text(&made["secret"]) };
        by_name.ask(&app, "test", &Value::Null).await;
        assert!(text(&receiver.next().await["host"]).starts_with("localhost:"), "the name stays the name");
        by_name.until_states(&app, &["delivered"]).await;
        app.stop().await;
        let app = NotificationsApp::start_with(fixture, &NEAR[..1]).await;
        for endpoint in [&by_address, &by_name] {
            endpoint.ask(&app, "test", &Value::Null).await;
            let attempt = eventually("it was tried", async || {
                endpoint.attempts(&app).await.into_iter().find(|attempt| attempt["error"].is_string())
            })
            .await;
            assert_eq!(attempt["error"], "its address must be an address of the public internet");
        }
        app.stop().await;
        // And without TLS it is not sent either.
        let app = NotificationsApp::start_with(fixture, &NEAR[1..]).await;
        fixture.advance(Duration::from_secs(7));
        let attempts = eventually("it was tried again", async || {
            let attempts = by_address.attempts(&app).await;
            (attempts.len() == 2).then_some(attempts)
        })
        .await;
        assert_eq!(attempts[0]["error"], "its address must begin with `https://`");
        // The receiver was never asked.
        app.stop().await;
        let app = NotificationsApp::start_with(fixture, &NEAR).await;
        receiver.subscribe(&app, "/ok?last", &["*"]).await.ask(&app, "test", &Value::Null).await;
        assert_eq!(receiver.next().await["path"], "/ok?last");
    }

    async fn nothing_is_signed_with_another_secret_than_the_one_that_was_shown(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/ok", &["*"]).await;
        app.stop().await;
        let another = [&NEAR[..], &[("notifications.webhooks.secret", "another-secret-that-is-long-enough-0123456789")]].concat();
        let app = NotificationsApp::start_with(fixture, &another).await;
        endpoint.ask(&app, "test", &Value::Null).await;
        let attempt = endpoint.until_tried(&app, 1).await.remove(0);
        assert!(text(&attempt["error"]).starts_with("`notifications.webhooks.secret` is another one"), "{attempt}");
        let secret = text(&endpoint.ask(&app, "rotate-secret", &json!({ "overlap_hours": 0 })).await["secret"]);
        receiver.trust(&app, &[&secret]).await;
        endpoint.ask(&app, "test", &Value::Null).await;
        assert_eq!(receiver.next().await["verified"], json!([0]));
    }
}
