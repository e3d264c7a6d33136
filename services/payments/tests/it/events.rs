//! What is told on topic `transactions`: these members and no other, once for each change.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use futures::future::join_all;
use kit_db::{Reader, Row, sql};
use kit_testing::{App, Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{OVER, Transactions as _, start};

/// A row of the log.
struct LoggedEvent {
    topic: String,
    kind: String,
    key: String,
    /// As it is written.
    payload: String,
    headers: Value,
}

impl LoggedEvent {
    fn read(row: &Row) -> Self {
        Self {
            topic: row.get("topic").unwrap(),
            kind: row.get("type").unwrap(),
            key: row.get("key").unwrap(),
            payload: row.get("payload").unwrap(),
            headers: row.json("headers").unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap()
    }
}

async fn log(app: &App) -> Vec<LoggedEvent> {
    let rows = app.db.read(async |reader: &mut Reader| {
        sql("SELECT topic, type, key, payload, headers FROM outbox ORDER BY position")
            .all(reader)
            .await
    });
    rows.await.unwrap().iter().map(LoggedEvent::read).collect()
}

on_both_databases! {
    async fn what_was_made_and_paid_is_told_to_the_letter(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let first = ada.create("850.50").await;
        let second = ada.client.post("/transactions", &json!({ "amount": 10 })).await.expect(201);
        app.process.time.advance(Duration::from_millis(1500));
        ada.pay().await;
        let events = log(&app).await;
        let (user, start) = (&ada.id, "2030-01-01T00:00:00.000000Z");
        let payloads: Vec<_> = events.iter().map(|event| event.payload.as_str()).collect();
        assert_eq!(
            payloads,
            [
                format!(
                    "{{\"transaction_id\":{},\"user_id\":\"{user}\",\"amount\":850.50,\
                      \"description\":\"books\",\"timestamp\":\"{start}\"}}",
                    first["id"]
                ),
                format!(
                    "{{\"transaction_id\":{},\"user_id\":\"{user}\",\"amount\":10.00,\
                      \"description\":null,\"timestamp\":\"{start}\"}}",
                    second["id"]
                ),
                format!(
                    "{{\"user_id\":\"{user}\",\"transactions_paid\":2,\
                      \"timestamp\":\"2030-01-01T00:00:01.500000Z\"}}"
                ),
            ]
        );
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["transaction.created", "transaction.created", "transaction.paid"]);
        for (event, subject) in events.iter().zip([&first["id"], &second["id"], &json!(user)]) {
            assert_eq!((event.topic.as_str(), &event.key), ("transactions", user));
            assert_eq!(&event.headers["ce_subject"], subject);
            assert_eq!(event.headers["ce_source"], "/stoa/payments");
            assert_eq!(event.headers["ce_type"], event.kind.as_str());
        }
    }

    async fn what_did_not_happen_is_not_told(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.pay().await;
        ada.send("0").await.expect(400);
        ada.send("1000.01").await.expect_error(400, OVER);
        assert!(log(&app).await.is_empty());
        let keyed = ada.keyed("key");
        for _ in 0..3 {
            keyed.create("1000").await;
            ada.send("1").await.expect_error(400, OVER);
        }
        for _ in 0..3 {
            keyed.pay().await;
            ada.pay().await;
        }
        let events = log(&app).await;
        assert_eq!(events.len(), 2, "one made, one paid");
    }

    async fn a_users_events_are_in_the_order_of_what_happened(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let working = (0..40).map(|number| {
            let ada = ada.clone();
            async move {
                match number % 5 {
                    0 => drop(ada.pay().await),
                    _ => drop(ada.create("1").await),
                }
            }
        });
        join_all(working).await;
        ada.pay().await;
        let (mut made, mut pending) = (Vec::new(), 0);
        for event in log(&app).await {
            let payload = event.json();
            if event.kind == "transaction.created" {
                made.push(payload["transaction_id"].clone());
                pending += 1;
            } else {
                assert_eq!(payload["transactions_paid"], pending, "those told before it, and all of them");
                pending = 0;
            }
        }
        made.reverse();
        assert_eq!(ada.each("id").await, made);
        assert_eq!(pending, 0);
    }

    async fn an_event_belongs_to_the_trace_of_its_request(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let header = format!("00-{trace}-00f067aa0ba902b7-01");
        let traced = Person { client: ada.client.with("traceparent", &header), ..ada };
        traced.create("1").await;
        traced.keyed("key").pay().await;
        let events = log(&app).await;
        assert_eq!(events.len(), 2);
        for event in events {
            let carried = event.headers["traceparent"].as_str().unwrap_or_default();
            assert!(carried.contains(trace), "{}", event.headers);
        }
    }
}
