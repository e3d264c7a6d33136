//! What is told on topic `stock`: once for each change, in the order of the changes.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use futures::future::join_all;
use kit_testing::{App, Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, start};

/// The payloads of what was told under a key, in the order of the log.
async fn payloads(app: &App, key: &str) -> Vec<Value> {
    let rows = app
        .rows("SELECT key, payload FROM outbox ORDER BY position")
        .await;
    let of_key = rows.iter().filter(|row| row.get::<String>("key").unwrap() == key);
    of_key.map(|row| row.json("payload").unwrap()).collect()
}

on_both_databases! {
    async fn a_change_is_told_to_the_letter(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "MUG-1").await;
        assert_eq!(app.count("SELECT position FROM outbox").await, 0, "stock of nothing is no news");
        clerk.set_stock("mug-1", 5).await;
        clerk.client.post("/stock/mug-1/adjust", &json!({ "delta": -1, "reason": "broken" })).await.expect(200);
        let at = "2030-01-01T00:00:00.000000Z";
        assert_eq!(payloads(&app, "MUG-1").await, [
            json!({ "sku": "MUG-1", "on_hand": 5, "reserved": 0, "kind": "set", "reason": "set", "version": 1, "timestamp": at }),
            json!({ "sku": "MUG-1", "on_hand": 4, "reserved": 0, "kind": "adjusted", "reason": "broken", "version": 2, "timestamp": at }),
        ]);
        for row in app.rows("SELECT topic, type, headers FROM outbox").await {
            assert_eq!(row.get::<String>("topic").unwrap(), "stock");
            assert_eq!(row.get::<String>("type").unwrap(), "stock.changed");
            let headers: Value = row.json("headers").unwrap();
            assert_eq!((&headers["ce_subject"], &headers["ce_source"]), (&json!("MUG-1"), &json!("/stoa/catalog")));
            assert!(headers["sequence"].is_string(), "{headers}");
        }
    }

    async fn what_did_not_happen_is_not_told(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        clerk.send_adjust("mug", -1).await.expect(409);
        clerk.send_stock("mug", -1).await.expect(400);
        clerk.set_stock("mug", 0).await;
        let keyed = clerk.keyed("key");
        for _ in 0..3 {
            keyed.send_adjust("mug", 4).await.expect(200);
        }
        assert_eq!(payloads(&app, "mug").await.len(), 1);
    }

    async fn the_log_has_a_skus_changes_in_their_order(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        let working = (0..40).map(|number: i64| {
            let clerk: Person = clerk.keyed(&format!("key-{number}"));
            async move { clerk.send_adjust("mug", number % 3 + 1).await.expect(200) }
        });
        join_all(working).await;
        let versions: Vec<_> = payloads(&app, "mug").await.iter().map(|event| event["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, (1..=40).collect::<Vec<_>>());
    }
}
