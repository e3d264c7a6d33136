//! Signing in with something in the cart.

use kit_testing::on_both_databases;

use crate::app::{CARTS, Shop, Shopper as _, guest_with, lines, money, named, unknown_token};

on_both_databases! {
    async fn what_a_guest_had_comes_into_the_users_cart(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await.with("cup", 9).await.with("pot", 9).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 2).await;
        ada.add("pot", 1).await;
        let (guest, token) = guest_with(&shop, "cup", 1).await;
        guest.add("MUG", 3).await;
        let merged = ada.send_merge(&token).await.expect(200);
        assert_eq!(lines(&merged), named(&[("mug", 5), ("pot", 1), ("cup", 1)]));
        assert_eq!(merged["total"], money(7000, "USD"));
        assert_eq!(ada.cart().await, merged);
        // The guest's is gone, so that again is without effect.
        assert_eq!(guest.lines().await, []);
        for _ in 0..2 {
            assert_eq!(ada.send_merge(&token).await.expect(200), merged);
        }
        assert_eq!(shop.sign_up("bob").client.send_merge(&token).await.expect(200)["items"], serde_json::json!([]));
        assert_eq!(shop.count(CARTS).await, 1);
    }

    async fn who_had_nothing_gets_the_guests_cart(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await;
        let ada = shop.sign_up("ada").client;
        let (_, token) = guest_with(&shop, "mug", 3).await;
        assert_eq!(lines(&ada.send_merge(&token).await.expect(200)), named(&[("mug", 3)]));
    }

    async fn quantities_add_up_as_far_as_there_is_stock(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("few", 10).await.with("many", 5000).await;
        let ada = shop.sign_up("ada").client;
        ada.add("few", 7).await;
        ada.add("many", 600).await;
        let (guest, token) = guest_with(&shop, "few", 8).await;
        guest.add("many", 700).await;
        ada.send_merge(&token).await.expect(200);
        assert_eq!(ada.lines().await, named(&[("few", 10), ("many", 999)]));
        // Never less than either had: nobody has taken anything out.
        let (_, token) = guest_with(&shop, "few", 2).await;
        shop.clerk().set_stock("few", 4).await;
        let cart = ada.send_merge(&token).await.expect(200);
        assert_eq!(lines(&cart), named(&[("few", 10), ("many", 999)]));
        assert_eq!(cart["items"][0]["available"], false);
    }

    async fn what_a_guest_had_in_another_currency_stays_where_it_is(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await;
        shop.clerk().offer_in("EUR", "tasse", 900, 5).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        let (guest, token) = guest_with(&shop, "tasse", 1).await;
        let refused = ada.send_merge(&token).await;
        refused.expect_error(409, "the cart is in USD, and this is sold in EUR");
        assert_eq!((ada.lines().await, guest.lines().await), (named(&[("mug", 1)]), named(&[("tasse", 1)])));
        ada.delete("/cart").await.expect(200);
        assert_eq!(ada.send_merge(&token).await.expect(200)["total"], money(900, "EUR"));
    }

    async fn a_token_that_nobody_knows_changes_nothing(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 9).await;
        let ada = shop.sign_up("ada").client;
        let unknown = unknown_token();
        for token in ["", "rubbish", "cart_", unknown.as_str()] {
            assert_eq!(ada.send_merge(token).await.expect(200), ada.cart().await);
        }
        assert_eq!(shop.count(CARTS).await, 0);
        ada.add("mug", 1).await;
        assert_eq!(lines(&ada.send_merge(&unknown).await.expect(200)), named(&[("mug", 1)]));
        // Only somebody who is signed in has a cart to merge into.
        shop.stranger().send_merge(&unknown).await.expect_error(401, "Missing authorization header");
    }

    async fn a_price_that_the_guest_saw_is_compared_with(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let clerk = shop.clerk();
        let mug = clerk.offer("mug", 1000, 9).await;
        let (_, token) = guest_with(&shop, "mug", 1).await;
        clerk.reprice(&mug, "mug", money(1100, "USD")).await;
        let ada = shop.sign_up("ada").client;
        assert_eq!(ada.send_merge(&token).await.expect(200)["items"][0]["price_changed"], true);
    }
}
