//! What is told on topics `catalog` and `stock`: once for each change, in the order of the changes.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use futures::future::join_all;
use http::Method;
use kit_testing::{App, Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, path_of, product, start};

/// The payloads of what was told under a key, in the order of the log.
async fn payloads(app: &App, key: &str) -> Vec<Value> {
    let rows = app
        .rows("SELECT key, payload FROM outbox ORDER BY position")
        .await;
    let of_key = rows.iter().filter(|row| row.get::<String>("key").unwrap() == key);
    of_key.map(|row| row.json("payload").unwrap()).collect()
}

const STOCK_EVENTS: &str = "SELECT type, headers FROM outbox WHERE topic = 'stock'";

/// Types and payloads of what was told on topic `catalog`, in the order of the log.
async fn catalog_events(app: &App) -> Vec<(String, Value)> {
    let rows = app
        .rows("SELECT type, payload FROM outbox WHERE topic = 'catalog' ORDER BY position")
        .await;
    let event = |row: &kit_db::Row| (row.get("type").unwrap(), row.json("payload").unwrap());
    rows.iter().map(event).collect()
}

on_both_databases! {
    async fn what_becomes_of_products_and_categories_is_told(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let category = clerk.create_category("Mugs", None).await;
        let mug = clerk.create_simple("Mug", "mug").await;
        let (path, in_it) = (path_of("products", &mug), json!({ "category_id": category, "slug": "the-mug" }));
        clerk.client.send(Method::PATCH, &path, Some(&in_it)).await.expect(200);
        clerk.client.send(Method::PATCH, &path, Some(&json!({}))).await.expect(200);
        clerk.client.delete(&path).await.expect(200);
        clerk.client.delete(&path).await.expect(200);
        clerk.client.send(Method::PATCH, &path, Some(&json!({ "status": "active" }))).await.expect(200);
        clerk.client.send(Method::PATCH, &path, Some(&json!({ "status": "archived" }))).await.expect(200);
        let tree = format!("/categories/{category}");
        clerk.client.send(Method::PATCH, &tree, Some(&json!({ "name": "All mugs" }))).await.expect(200);
        clerk.client.delete(&tree).await.expect(200);
        // What was refused is not told.
        clerk.client.post("/products", &product("Cup", "mug", 5)).await.expect(409);
        let at = "2030-01-01T00:00:00.000000Z";
        let of_mug = |kind: &str, slug: &str, version: i64| {
            (kind.to_owned(), json!({ "product_id": mug["id"], "slug": slug, "version": version, "timestamp": at }))
        };
        let of_category = |is_archived: bool, version: i64| {
            let payload = json!({ "category_id": category, "slug": "mugs", "is_archived": is_archived, "version": version, "timestamp": at });
            ("category.changed".to_owned(), payload)
        };
        assert_eq!(catalog_events(&app).await, [
            of_category(false, 1),
            of_mug("product.created", "mug", 1),
            of_mug("product.updated", "the-mug", 2),
            of_mug("product.archived", "the-mug", 3),
            of_mug("product.updated", "the-mug", 4),
            of_mug("product.archived", "the-mug", 5),
            of_category(false, 2),
            of_category(true, 3),
        ]);
    }

    async fn an_import_tells_of_what_it_changed_and_a_dry_run_of_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let import = async |table: &'static str, query: &str| {
            let path = format!("/products/import{query}");
            clerk.client.send_raw(Method::POST, &path, Some("text/csv"), table.into()).await.expect(200);
        };
        import("slug,name,sku,price,currency\ncup,Cup,cup,9.90,USD\npot,Pot,pot,19.90,USD\n", "?dry_run=true").await;
        assert_eq!(catalog_events(&app).await, []);
        import("slug,name,sku,price,currency\ncup,Cup,cup,9.90,USD\npot,Pot,pot,19.90,USD\n", "").await;
        import("slug,name,sku,price,currency\ncup,Cup,cup,8.90,USD\npot,Pot,pot,19.90,USD\n", "").await;
        let told = catalog_events(&app).await;
        let told: Vec<_> = told.iter().map(|(kind, payload)| (kind.as_str(), payload["slug"].as_str().unwrap())).collect();
        assert_eq!(told, [("product.created", "cup"), ("product.created", "pot"), ("product.updated", "cup")]);
    }

    async fn a_change_is_told_to_the_letter(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create_simple("Mug", "MUG-1").await;
        assert_eq!(app.count(STOCK_EVENTS).await, 0, "stock of nothing is no news");
        clerk.set_stock("mug-1", 5).await;
        clerk.client.post("/stock/mug-1/adjust", &json!({ "delta": -1, "reason": "broken" })).await.expect(200);
        let at = "2030-01-01T00:00:00.000000Z";
        assert_eq!(payloads(&app, "MUG-1").await, [
            json!({ "sku": "MUG-1", "product_id": mug["id"], "on_hand": 5, "reserved": 0, "kind": "set", "reason": "set", "version": 1, "timestamp": at }),
            json!({ "sku": "MUG-1", "product_id": mug["id"], "on_hand": 4, "reserved": 0, "kind": "adjusted", "reason": "broken", "version": 2, "timestamp": at }),
        ]);
        for row in app.rows(STOCK_EVENTS).await {
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
