//! What a cart shows when the catalog has changed since.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Shop, Shopper as _, lines, money, named};

on_both_databases! {
    async fn a_changed_price_is_shown_until_the_line_is_changed(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (clerk, ada) = (shop.clerk(), shop.sign_up("ada").client);
        let mug = clerk.offer("mug", 1000, 9).await;
        ada.add("mug", 2).await;
        clerk.reprice(&mug, "mug", money(1250, "USD")).await;
        for _ in 0..2 {
            let cart = ada.cart().await;
            let line = &cart["items"][0];
            assert_eq!((&line["unit_price"], &line["price_changed"]), (&money(1250, "USD"), &json!(true)));
            assert_eq!((&line["line_total"], &cart["total"]), (&money(2500, "USD"), &money(2500, "USD")));
        }
        // Who changes the line has seen the price.
        assert_eq!(ada.set("mug", 2).await["items"][0]["price_changed"], false);
        clerk.reprice(&mug, "mug", money(900, "USD")).await;
        assert_eq!(ada.cart().await["items"][0]["price_changed"], true);
        assert_eq!(ada.add("mug", 1).await["items"][0]["price_changed"], false);
        assert_eq!(ada.cart().await["total"], money(2700, "USD"));
    }

    async fn what_cannot_be_bought_any_more_stays_and_does_not_count(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("cup", 9).await;
        let (clerk, ada) = (shop.clerk(), shop.sign_up("ada").client);
        let mug = clerk.offer("mug", 700, 5).await;
        ada.add("mug", 5).await;
        ada.add("cup", 1).await;
        let available = async || {
            let cart = ada.cart().await;
            assert_eq!(lines(&cart), named(&[("mug", 5), ("cup", 1)]));
            (cart["items"][0]["available"].clone(), cart["total"].clone())
        };
        assert_eq!(available().await, (json!(true), money(4500, "USD")));
        clerk.set_stock("mug", 4).await;
        assert_eq!(available().await, (json!(false), money(1000, "USD")), "sold out");
        assert_eq!(ada.cart().await["items"][0]["line_total"], money(3500, "USD"));
        clerk.set_stock("mug", 5).await;
        assert_eq!(available().await, (json!(true), money(4500, "USD")));
        clerk.archive(&mug).await;
        assert_eq!(available().await, (json!(false), money(1000, "USD")), "archived");
        ada.send_set("mug", 1).await.expect_error(404, "there is no SKU `mug`");
        // The other line is not in its way, and it can be taken out.
        ada.add("cup", 1).await;
        assert_eq!(lines(&ada.remove("mug").await), named(&[("cup", 2)]));
    }

    async fn a_line_in_another_currency_than_the_rest_cannot_be_bought(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("cup", 9).await;
        let (clerk, ada) = (shop.clerk(), shop.sign_up("ada").client);
        let mug = clerk.offer("mug", 700, 5).await;
        ada.add("cup", 1).await;
        ada.add("mug", 1).await;
        clerk.reprice(&mug, "mug", money(650, "EUR")).await;
        let cart = ada.cart().await;
        let line = &cart["items"][1];
        assert_eq!((&line["available"], &line["price_changed"]), (&json!(false), &json!(true)));
        assert_eq!((&line["unit_price"], &cart["total"]), (&money(650, "EUR"), &money(1000, "USD")));
        ada.send_set("mug", 2).await.expect_error(409, "the cart is in USD, and this is sold in EUR");
        // A shop that changed its currency takes the carts with it.
        ada.remove("cup").await;
        assert_eq!(ada.cart().await["total"], money(650, "EUR"));
        assert_eq!(ada.set("mug", 2).await["total"], money(1300, "EUR"));
    }

    async fn a_sku_that_the_catalog_has_forgotten_is_shown_as_it_was(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await.with("cup", 9).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        ada.add("cup", 1).await;
        // As after the catalog's database was restored from before it was made.
        let forgotten = "UPDATE cart_lines SET sku = 'gone', sku_key = 'gone' WHERE sku_key = 'mug'";
        assert_eq!(shop.execute(forgotten).await, 1);
        let cart = ada.cart().await;
        let line = &cart["items"][0];
        assert_eq!((&line["sku"], &line["name"], &line["available"]), (&json!("gone"), &json!("A mug"), &json!(false)));
        assert_eq!(cart["total"], money(1000, "USD"));
        ada.remove("gone").await;
        assert_eq!(ada.lines().await, named(&[("cup", 1)]));
    }

    async fn the_currency_of_nothing_is_the_shops(fixture: &Fixture) {
        let shop = Shop::start_as(fixture, |app| app.out_of_reach(auth_api::TOPICS).set("cart.currency", "EUR")).await;
        assert_eq!(shop.stranger().cart().await, json!({ "items": [], "total": money(0, "EUR") }));
    }
}
