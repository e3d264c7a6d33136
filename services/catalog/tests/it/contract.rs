//! What other services ask of catalog, in each of the three ways to ask.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use catalog_api::{CatalogClient, CatalogError, GetItems, MOST_SKUS};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{Fixture, on_both_databases};
use kit_values::{Currency, Money, Sku};
use serde_json::json;

use crate::app::{Clerk as _, builder, dollars, path_of, start, variant};

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("orders".into()),
        Deadline::after(Duration::from_mins(1)),
    )
}

fn asking(skus: &[&str]) -> GetItems {
    GetItems {
        skus: skus.iter().map(|sku| sku.parse().unwrap()).collect(),
    }
}

on_both_databases! {
    async fn items_are_told_in_every_way(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create(&json!({ "name": "Mug", "variants": [
            { "sku": "MUG-L", "options": { "size": "L" }, "price": dollars(1250) }, variant("mug-s", 990),
        ] })).await;
        let old = clerk.create_simple("Old", "old").await;
        clerk.set_stock("mug-l", 5).await;
        clerk.client.delete(&path_of("products", &old)).await.expect(200);
        let fewer = json!({ "variants": [{ "sku": "MUG-L", "options": { "size": "L" }, "price": dollars(1250) }] });
        clerk.client.send(http::Method::PATCH, &path_of("products", &mug), Some(&fewer)).await.expect(200);
        for (transport, catalog) in &app.each_transport::<CatalogClient>().await {
            let asked = asking(&["nope", "old", "mug-l", "MUG-S", "Mug-L"]);
            let items = catalog.get_items(&call(), asked).await.unwrap().items;
            let known: Vec<_> = items.iter().map(|item| (item.sku.as_str(), item.is_offered, item.available)).collect();
            assert_eq!(known, [("old", false, 0), ("MUG-L", true, 5), ("mug-s", false, 0), ("MUG-L", true, 5)], "{transport}");
            let large = &items[1];
            assert_eq!(large.product_id.to_string(), mug["id"].as_str().unwrap());
            assert_eq!((large.slug.as_str(), large.name.as_str()), ("mug", "Mug"));
            assert_eq!(large.price, Money { amount_minor: 1250, currency: Currency::USD });
            assert_eq!(large.options.get("size").map(String::as_str), Some("L"));
            assert_eq!(catalog.get_items(&call(), GetItems::default()).await.unwrap().items, []);
        }
    }

    async fn two_hundred_skus_are_asked_for_at_once_and_no_more(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for half in 0..2 {
            let variants: Vec<_> = (0..100).map(|number| variant(&format!("s-{half}-{number}"), 5)).collect();
            clerk.create(&json!({ "name": "Mug", "variants": variants })).await;
        }
        let mut skus: Vec<Sku> = (0..200).map(|n| format!("S-{}-{}", n % 2, n / 2).parse().unwrap()).collect();
        for (transport, catalog) in &app.each_transport::<CatalogClient>().await {
            let items = catalog.get_items(&call(), GetItems { skus: skus.clone() }).await.unwrap().items;
            let found: Vec<_> = items.into_iter().map(|item| item.sku).collect();
            assert_eq!(found, skus, "{transport}");
        }
        skus.push("one-more".parse().unwrap());
        assert_eq!(skus.len(), MOST_SKUS + 1);
        for (transport, catalog) in &app.each_transport::<CatalogClient>().await {
            let refused = catalog.get_items(&call(), GetItems { skus: skus.clone() }).await;
            assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{transport}: {refused:?}");
        }
    }

    async fn the_contract_is_not_among_the_public_routes(fixture: &Fixture) {
        let app = start(fixture).await;
        for path in ["/internal/rpc/catalog/get_items", "/rpc/catalog/get_items"] {
            app.staff().client.post(path, &json!({})).await.expect_error(404, "there is nothing at this path");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_catalog_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = builder(fixture).start_behind_proxy().await;
        let transports = app.each_transport::<CatalogClient>().await;
        proxy.cut();
        for (transport, catalog) in &transports {
            let asked = catalog.get_items(&call(), asking(&["a"])).await;
            assert_eq!(asked, Err(CatalogError::Unavailable), "{transport}");
        }
        proxy.mend();
        for (transport, catalog) in &transports {
            let asked = catalog.get_items(&call(), asking(&["a"])).await;
            assert_eq!(asked, Ok(catalog_api::Items::default()), "{transport}");
        }
    })
    .await;
}
