//! What is sent by webhook: what happened, signed, as often as it takes.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use catalog_api::{ReservedItem, StockReserved};
use kit_testing::{EventLog, eventually, on_both_databases};
use orders_api::OrderPaid;
use payments_api::PaymentSucceeded;
use serde_json::{Value, json};

use crate::app::{NotificationsApp, new_id, notifications, paid, payload, shipped, start, text, usd};
use crate::webhook_receiver::{DELIVERIES, NEAR, Receiver, start_near, start_near_with};

fn body_of(delivered: &Value) -> Value {
    serde_json::from_str(delivered["body"].as_str().unwrap()).unwrap()
}

fn order_paid(app: &NotificationsApp) -> OrderPaid {
    paid(new_id(), "1", app.now())
}

on_both_databases! {
    async fn what_happened_is_sent_signed_to_whom_it_is_of_interest(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/ok?a=b", &["order.paid"]).await;
        let other = receiver.subscribe(&app, "/ok", &["order.cancelled"]).await;
        receiver.trust(&app, &[&other.secret, &endpoint.secret]).await;
        let event = order_paid(&app);
        app.orders.publish(shipped(event.order_id, new_id(), app.now())).await;
        app.orders.publish(event.clone()).await;
        let delivered = receiver.next().await;
        assert_eq!((&delivered["path"], &delivered["verified"], &delivered["signatures"]), (&json!("/ok?a=b"), &json!([1]), &json!(1)));
        assert_eq!((&delivered["type"], &delivered["host"]), (&json!("application/json"), &json!(receiver.url("").strip_prefix("http://"))));
        let data = payload(&event);
        assert_eq!(body_of(&delivered), json!({ "type": "order.paid", "timestamp": "2030-01-01T00:00:00.000000Z", "data": data }));
        endpoint.until_states(&app, &["delivered"]).await;
        let delivery = endpoint.deliveries(&app).await.remove(0);
        assert_eq!((&delivery["webhook_id"], &delivery["type"], &delivery["attempts"]), (&delivered["id"], &json!("order.paid"), &json!(1)));
        assert!(text(&delivery["webhook_id"]).starts_with("evt_"));
        let one = format!("{}/deliveries/{}", endpoint.path, text(&delivery["id"]));
        let details = app.admin().client.get(&one).await.expect(200);
        assert_eq!((&details["body"], &details["tried"]), (&delivered["body"], &json!(endpoint.attempts(&app).await)));
        assert_eq!((&details["tried"][0]["status_code"], &details["tried"][0]["response"]), (&json!(200), &json!("ok")));
        let foreign = format!("{}/deliveries/{}", other.path, text(&delivery["id"]));
        app.admin().client.get(&foreign).await.expect_error(404, "Webhook delivery not found");
        assert_eq!(app.count(DELIVERIES).await, 1);
    }

    async fn an_event_that_comes_again_is_sent_once(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        receiver.subscribe(&app, "/ok", &["*"]).await;
        app.orders.publish(order_paid(&app)).await;
        let first = receiver.next().await;
        app.execute("DELETE FROM positions").await;
        app.process.lifecycle.end().await;
        let app = NotificationsApp::start_with(fixture, &NEAR).await;
        app.orders.publish(order_paid(&app)).await;
        let second = receiver.next().await;
        assert_ne!(first["id"], second["id"]);
        let done = "SELECT event_id FROM inbox WHERE consumer = 'notifications.webhooks'";
        eventually("both are done", async || (app.count(done).await == 2).then_some(())).await;
        assert_eq!(app.count(DELIVERIES).await, 2);
    }

    async fn payments_and_stock_are_told_of_too(fixture: &Fixture) {
        let (builder, parts) = notifications(fixture).await;
        let process = fixture.process();
        let payments = EventLog::open(fixture, &process, "payments", payments_api::TOPICS).await;
        let catalog = EventLog::open(fixture, &process, "catalog", catalog_api::TOPICS).await;
        let builder = builder.set_all(&NEAR).log(payments.source()).log(catalog.source());
        let app = NotificationsApp::of(builder.start().await, parts);
        let mut receiver = Receiver::start().await;
        receiver.subscribe(&app, "/ok", &["payment.succeeded", "stock.reserved"]).await;
        let succeeded = PaymentSucceeded {
            payment_id: new_id(), version: 2, order_id: Some(new_id()), invoice_id: None, user_id: None, amount: usd(1_250), timestamp: app.now(),
        };
        payments.publish(succeeded.clone()).await;
        let delivered = body_of(&receiver.next().await);
        assert_eq!((&delivered["type"], &delivered["data"]), (&json!("payment.succeeded"), &payload(&succeeded)));
        let reserved = StockReserved {
            order_id: new_id(), items: vec![ReservedItem { sku: "MUG".parse().unwrap(), quantity: 1, available: 3 }], timestamp: app.now(),
        };
        catalog.publish(reserved.clone()).await;
        assert_eq!(body_of(&receiver.next().await)["data"], payload(&reserved));
    }

    async fn what_is_not_taken_is_sent_again_under_the_same_identifier(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/busy/2", &["order.paid"]).await;
        receiver.trust(&app, &[&endpoint.secret]).await;
        app.orders.publish(order_paid(&app)).await;
        let first = receiver.next().await;
        endpoint.until_tried(&app, 1).await;
        assert_eq!(endpoint.get(&app).await["failing_since"], "2030-01-01T00:00:00.000000Z");
        let pending = endpoint.deliveries(&app).await.remove(0);
        let next = text(&pending["next_attempt_at"]);
        assert!(("2030-01-01T00:00:05"..="2030-01-01T00:00:06.000000Z").contains(&next.as_str()), "{next}");
        fixture.advance(Duration::from_secs(6));
        receiver.trust(&app, &[&endpoint.secret]).await;
        let second = receiver.next().await;
        endpoint.until_tried(&app, 2).await;
        fixture.advance(Duration::from_mins(6));
        receiver.trust(&app, &[&endpoint.secret]).await;
        let third = receiver.next().await;
        for again in [&second, &third] {
            // A signature of before would be too old by now.
            assert_eq!((&again["id"], &again["body"], &again["verified"]), (&first["id"], &first["body"], &json!([0])));
        }
        let attempts = endpoint.until_tried(&app, 3).await;
        let shown: Vec<_> = attempts.iter().map(|attempt| (&attempt["number"], &attempt["status_code"], &attempt["error"], &attempt["response"])).collect();
        assert_eq!(shown[0], (&json!(3), &json!(200), &Value::Null, &json!("ok")));
        assert_eq!(shown[1], (&json!(2), &json!(503), &json!("it answered 503"), &json!("come back later")));
        assert_eq!(attempts[2]["at"], "2030-01-01T00:00:00.000000Z");
        endpoint.until_states(&app, &["delivered"]).await;
        assert_eq!(endpoint.get(&app).await["failing_since"], Value::Null);
        // As often as somebody asks for it.
        let one = format!("deliveries/{}/replay", text(&pending["id"]));
        endpoint.ask(&app, &one, &Value::Null).await;
        assert_eq!(receiver.next().await["id"], first["id"]);
        assert_eq!(endpoint.until_tried(&app, 4).await[0]["number"], 4);
    }

    async fn two_processes_send_each_webhook_once(fixture: &Fixture) {
        let (one, mut receiver) = start_near(fixture).await;
        let two = NotificationsApp::start_with(fixture, &NEAR).await;
        let endpoint = receiver.subscribe(&one, "/ok", &["order.paid"]).await;
        let other = receiver.subscribe(&two, "/ok?2", &["order.paid"]).await;
        let events = (0..20).map(|_| order_paid(&one)).collect();
        one.orders.publish_all(events).await;
        let mut seen = Vec::new();
        for _ in 0..40 {
            let delivered = receiver.next().await;
            seen.push((text(&delivered["path"]), text(&delivered["id"])));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 40);
        for endpoint in [&endpoint, &other] {
            endpoint.until_states(&one, &["delivered"; 20]).await;
            assert_eq!(endpoint.attempts(&one).await.len(), 20);
        }
    }

    async fn a_process_that_dies_after_it_sent_sends_the_same_again(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/silent/1", &["order.paid"]).await;
        app.orders.publish(order_paid(&app)).await;
        // It is there, and whoever sent it does not live to know.
        let first = receiver.next().await;
        app.stop().await;
        let app = NotificationsApp::start_with(fixture, &NEAR).await;
        assert_eq!(endpoint.deliveries(&app).await[0]["attempts"], 1);
        fixture.advance(Duration::from_secs(61));
        let second = receiver.next().await;
        assert_eq!((&first["id"], &first["body"]), (&second["id"], &second["body"]));
        endpoint.until_states(&app, &["delivered"]).await;
    }

    async fn what_failed_since_a_moment_is_sent_again_by_request(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/busy/3", &["order.paid"]).await;
        let disable = async |status: &str| {
            let body = json!({ "status": status });
            app.admin().client.send(http::Method::PATCH, &endpoint.path, Some(&body)).await.expect(200);
        };
        let mut sent = Vec::new();
        for _ in 0..3 {
            app.orders.publish(order_paid(&app)).await;
            sent.push(receiver.next().await["id"].clone());
            endpoint.until_tried(&app, sent.len()).await;
            fixture.advance(Duration::from_secs(1));
        }
        disable("disabled").await;
        endpoint.until_states(&app, &["failed"; 3]).await;
        let since = json!({ "since": "2030-01-01T00:00:01Z" });
        let replay = format!("{}/replay", endpoint.path);
        app.admin().client.post(&replay, &since).await.expect_error(409, "the endpoint is disabled");
        disable("enabled").await;
        assert_eq!(endpoint.ask(&app, "replay", &since).await, json!({ "replayed": 2, "has_more": false }));
        let mut again = vec![receiver.next().await["id"].clone(), receiver.next().await["id"].clone()];
        again.sort_by_key(ToString::to_string);
        let mut expected = sent[1..].to_vec();
        expected.sort_by_key(ToString::to_string);
        assert_eq!(again, expected);
        endpoint.until_states(&app, &["delivered", "delivered", "failed"]).await;
        let failed = app.admin().client.get(&format!("{}/deliveries?state=failed", endpoint.path)).await.expect(200);
        assert_eq!(failed["items"][0]["webhook_id"], sent[0]);
        assert_eq!(endpoint.ask(&app, "replay", &since).await, json!({ "replayed": 0, "has_more": false }));
    }

    async fn old_news_is_not_sent_and_what_was_sent_is_forgotten_after_a_while(fixture: &Fixture) {
        let (app, mut receiver) = start_near(fixture).await;
        let endpoint = receiver.subscribe(&app, "/ok", &["order.paid"]).await;
        let three_days = Duration::from_hours(72);
        app.orders.publish(paid(new_id(), "1", app.now().minus(three_days + Duration::from_secs(1)))).await;
        let young = paid(new_id(), "2", app.now().minus(three_days));
        app.orders.publish(young.clone()).await;
        assert_eq!(body_of(&receiver.next().await)["data"], payload(&young));
        endpoint.until_states(&app, &["delivered"]).await;
        app.stop().await;
        fixture.advance(Duration::from_hours(24 * 30) + Duration::from_secs(1));
        let app = start(fixture).await;
        eventually("it is forgotten", async || (app.count(DELIVERIES).await == 0).then_some(())).await;
        assert_eq!(app.count("SELECT attempt_id FROM webhook_attempts").await, 0);
    }

    async fn a_slow_endpoint_holds_up_nobody_else(fixture: &Fixture) {
        let (app, mut receiver) = start_near_with(fixture, &[("notifications.webhooks.at_once", "2")]).await;
        let slow = receiver.subscribe(&app, "/silent/9", &["order.paid"]).await;
        let quick = receiver.subscribe(&app, "/ok", &["order.paid"]).await;
        app.orders.publish_all((0..6).map(|_| order_paid(&app)).collect()).await;
        let (mut silent, mut taken) = (0, 0);
        while taken < 6 || silent < 2 {
            match text(&receiver.next().await["path"]).as_str() {
                "/ok" => taken += 1,
                _ => silent += 1,
            }
        }
        quick.until_states(&app, &["delivered"; 6]).await;
        let of_slow = slow.deliveries(&app).await;
        let tried = of_slow.iter().filter(|delivery| delivery["attempts"] == 1).count();
        assert_eq!((tried, silent), (2, 2), "it has so many slots and no more");
    }
}
