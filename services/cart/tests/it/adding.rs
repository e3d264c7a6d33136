//! Putting things into a cart.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{CARTS, LINES, Shop, Shopper as _, lines, money, named};

on_both_databases! {
    async fn a_user_puts_something_into_the_cart(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("MUG-1", 5).await;
        let ada = shop.sign_up("ada").client;
        let empty = json!({ "items": [], "total": money(0, "USD") });
        assert_eq!(ada.cart().await, empty);
        assert_eq!(shop.count(CARTS).await, 0, "an empty cart is not stored");
        let added = ada.send_add("mug-1", 2).await;
        let cart = added.expect(200);
        let product = &shop.catalog.stranger().get("/products/a-mug-1").await.expect(200);
        assert_eq!(cart, json!({
            "items": [{
                "sku": "MUG-1", "product_id": product["id"], "name": "A MUG-1", "image_url": null, "quantity": 2,
                "unit_price": money(1000, "USD"), "line_total": money(2000, "USD"),
                "price_changed": false, "available": true,
            }],
            "total": money(2000, "USD"),
        }));
        assert_eq!(added.header("x-cart-token"), "", "a user needs none");
        assert_eq!(added.header("cache-control"), "no-store");
        assert_eq!(ada.cart().await, cart);
        assert_eq!(shop.sign_up("bob").client.cart().await, empty, "another's does not hold it");
    }

    async fn more_of_the_same_is_one_line_whatever_the_case(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("Mug", 9).await.with("cup", 9).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 2).await;
        ada.add("CUP", 1).await;
        let cart = ada.add("MUG", 3).await;
        assert_eq!(lines(&cart), named(&[("Mug", 5), ("cup", 1)]), "in the order in which they came");
        assert_eq!(cart["total"], money(6000, "USD"));
    }

    async fn what_is_not_for_sale_is_not_found(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let clerk = shop.clerk();
        let old = clerk.offer("old", 500, 5).await;
        clerk.archive(&old).await;
        let ada = shop.sign_up("ada").client;
        for sku in ["nope", "old"] {
            let refused = ada.send_add(sku, 1).await;
            refused.expect_error(404, &format!("there is no SKU `{sku}`"));
            assert_eq!(refused.json()["code"], "unknown_sku");
        }
        assert_eq!(shop.count(CARTS).await, 0);
    }

    async fn there_is_never_more_in_a_cart_than_can_be_bought(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await.with("none", 0).await;
        let ada = shop.sign_up("ada").client;
        ada.send_add("mug", 6).await.expect_error(409, "only 5 of `mug` are available");
        ada.add("mug", 3).await;
        let refused = ada.send_add("mug", 3).await;
        refused.expect_error(409, "only 5 of `mug` are available");
        assert_eq!(refused.json()["code"], "not_enough_stock");
        ada.send_add("none", 1).await.expect_error(409, "only 0 of `none` are available");
        assert_eq!(ada.lines().await, named(&[("mug", 3)]));
        ada.add("mug", 2).await;
        assert_eq!(ada.lines().await, named(&[("mug", 5)]));
    }

    async fn a_line_has_at_most_999(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5000).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 998).await;
        let refused = ada.send_add("mug", 2).await;
        refused.expect_error(409, "a cart cannot hold more than 999 of `mug`");
        assert_eq!(refused.json()["code"], "quantity_limit_exceeded");
        ada.add("mug", 1).await;
        assert_eq!(ada.lines().await, named(&[("mug", 999)]));
    }

    async fn a_cart_is_of_one_currency(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        shop.clerk().offer_in("EUR", "tasse", 900, 5).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        let refused = ada.send_add("tasse", 1).await;
        refused.expect_error(409, "the cart is in USD, and this is sold in EUR");
        assert_eq!(refused.json()["code"], "mixed_currencies");
        assert_eq!(shop.count(LINES).await, 1);
        ada.remove("mug").await;
        assert_eq!(ada.add("tasse", 2).await["total"], money(1800, "EUR"));
    }
}
