//! The variants of a product: which SKUs it has, and what becomes of those that it has no more.

use http::Method;
use kit_testing::{Person, Reply, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, dollars, path_of, start, text, variant};

async fn change(clerk: &Person, product: &Value, variants: &[Value]) -> Reply {
    let change = json!({ "variants": variants });
    clerk
        .client
        .send(Method::PATCH, &path_of("products", product), Some(&change))
        .await
}

fn skus(product: &Value) -> Vec<String> {
    let variants = product["variants"].as_array().into_iter().flatten();
    variants.map(|variant| text(&variant["sku"])).collect()
}

on_both_databases! {
    async fn variants_are_replaced_as_a_whole(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 10), variant("b", 20)] })).await;
        clerk.set_stock("b", 7).await;
        let with_options = json!({ "sku": "B", "options": { "size": "L" }, "price": dollars(25) });
        let changed = change(&clerk, &mug, &[variant("c", 30), with_options]).await.expect(200);
        assert_eq!(changed["variants"], json!([
            { "sku": "c", "options": {}, "price": dollars(30), "available": 0 },
            // Its first spelling stays, and so does its stock.
            { "sku": "b", "options": { "size": "L" }, "price": dollars(25), "available": 7 },
        ]));
        assert_eq!(app.stranger().get("/products/mug").await.expect(200), changed);
    }

    async fn a_variant_with_stock_cannot_be_removed(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 10), variant("b", 20)] })).await;
        clerk.set_stock("a", 1).await;
        let refused = change(&clerk, &mug, &[variant("b", 21), variant("c", 5)]).await;
        refused.expect_error(409, "the SKU `a` has stock and cannot be removed");
        assert_eq!(refused.json()["code"], "sku_in_stock");
        let seen = app.stranger().get("/products/mug").await.expect(200);
        assert_eq!((skus(&seen), &seen["variants"][1]["price"]), (vec!["a".to_owned(), "b".to_owned()], &dollars(20)));
        clerk.set_stock("a", 0).await;
        assert_eq!(skus(&change(&clerk, &mug, &[variant("b", 21)]).await.expect(200)), ["b"]);
    }

    async fn a_sku_that_was_removed_stays_its_products(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 10), variant("b", 20)] })).await;
        clerk.set_stock("a", 3).await;
        clerk.set_stock("a", 0).await;
        change(&clerk, &mug, &[variant("b", 20)]).await.expect(200);
        let stolen = clerk.client.post("/products", &json!({ "name": "Cup", "variants": [variant("A", 5)] })).await;
        stolen.expect_error(409, "the SKU `a` belongs to another product");
        let other = clerk.create_simple("Other", "other").await;
        change(&clerk, &other, &[variant("a", 5)]).await.expect(409);
        // It can come back, with its history.
        let back = change(&clerk, &mug, &[variant("b", 20), variant("a", 10)]).await.expect(200);
        assert_eq!(skus(&back), ["b", "a"]);
        let history = clerk.client.get("/stock/a/movements").await.expect(200);
        assert_eq!(history["items"].as_array().map(Vec::len), Some(2));
    }

    async fn stock_that_comes_while_its_variant_goes_is_never_lost(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mug = clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 10), variant("b", 20)] })).await;
        let (keep, both) = ([variant("b", 20)], [variant("b", 20), variant("a", 10)]);
        for _ in 0..10 {
            let (removed, came) = tokio::join!(change(&clerk, &mug, &keep), clerk.send_adjust("a", 1));
            assert_eq!(came.status, 200, "stock is counted also of what is not offered");
            let offered = skus(&app.stranger().get("/products/mug").await.expect(200));
            match removed.status.as_u16() {
                200 => assert_eq!(offered, ["b"]),
                409 => assert_eq!(offered.len(), 2),
                other => panic!("{other}"),
            }
            assert_eq!(clerk.counts("a").await, (1, 0, 1));
            clerk.set_stock("a", 0).await;
            change(&clerk, &mug, &both).await.expect(200);
        }
    }

    async fn a_hundred_variants_are_the_most(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let variants = |count: i64| (0..count).map(|number| {
            let mut one = variant(&format!("{}-{number}", "x".repeat(58)), 100 + number);
            one["options"] = json!({ "number": "9".repeat(100) });
            one
        }).collect::<Vec<_>>();
        let made = clerk.create(&json!({ "name": "Mug", "variants": variants(100) })).await;
        assert_eq!(skus(&made).len(), 100);
        assert_eq!(app.stranger().get("/products?sort=price").await.expect(200)["items"][0], made);
        clerk.client.post("/products", &json!({ "name": "Mug", "variants": variants(101) })).await.expect(400);
    }
}
