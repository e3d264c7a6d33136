//! `Idempotency-Key`: what is asked for once happens once, however often it is sent.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, MOVEMENTS, PRODUCTS, product, start};
use crate::books;

const REUSED: &str = "`Idempotency-Key` was used for another request";

on_both_databases! {
    async fn a_product_sent_again_is_the_same_product(fixture: &Fixture) {
        let app = start(fixture).await;
        let keyed = app.staff().keyed("key");
        let body = product("Mug", "mug", 5);
        let first = keyed.client.post("/products", &body).await;
        first.expect(201);
        let replies = join_all((0..20).map(|_| keyed.client.post("/products", &body))).await;
        assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (first.status, &first.body)));
        assert_eq!(app.count(PRODUCTS).await, 1);
        keyed.client.post("/products", &product("Mug", "mug", 6)).await.expect_error(422, REUSED);
        // Another member of the staff has keys of their own.
        app.admin().keyed("key").client.post("/products", &product("Cup", "cup", 5)).await.expect(201);
    }

    async fn a_category_sent_again_is_the_same_category(fixture: &Fixture) {
        let app = start(fixture).await;
        let keyed = app.staff().keyed("key");
        let first = keyed.create_category("Mugs", None).await;
        assert_eq!(keyed.create_category("Mugs", None).await, first);
        keyed.client.post("/categories", &json!({ "name": "Cups" })).await.expect_error(422, REUSED);
        assert_eq!(app.count("SELECT id FROM categories").await, 1);
    }

    async fn fifty_adjustments_with_a_key_are_one(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        let keyed = clerk.keyed("key");
        let replies = join_all((0..50).map(|_| keyed.send_adjust("mug", 5))).await;
        for reply in &replies {
            assert_eq!(reply.expect(200)["on_hand"], 5);
        }
        assert_eq!(app.count(MOVEMENTS).await, 1);
        keyed.send_adjust("mug", 6).await.expect_error(422, REUSED);
        // The SKU stands in the path, which the key is held to.
        clerk.create_simple("Cup", "cup").await;
        keyed.send_adjust("cup", 5).await.expect_error(422, REUSED);
        assert_eq!(clerk.counts("cup").await, (0, 0, 0));
        books::are_in_order(&app).await;
    }

    async fn a_refusal_is_not_kept(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        let keyed = clerk.keyed("key");
        keyed.send_adjust("mug", -1).await.expect(409);
        clerk.set_stock("mug", 1).await;
        keyed.send_adjust("mug", -1).await.expect(200);
        keyed.send_adjust("mug", -1).await.expect(200);
        assert_eq!(clerk.counts("mug").await, (0, 0, 0));
    }
}
