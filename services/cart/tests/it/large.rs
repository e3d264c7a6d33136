//! Carts as large as they may be.

use kit_testing::on_both_databases;

use crate::app::{LINES, Shop, Shopper as _, guest_with, lines, money};

on_both_databases! {
    async fn two_hundred_lines_are_one_question_to_the_catalog(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("one-more", 9).await;
        let skus = shop.clerk().offer_hundreds(2).await;
        let ada = shop.sign_up("ada").client;
        for sku in &skus {
            ada.add(sku, 999).await;
        }
        let before = shop.questions.count();
        let cart = ada.cart().await;
        assert_eq!(shop.questions.count() - before, 1);
        let shown: Vec<_> = lines(&cart).into_iter().map(|(sku, _)| sku).collect();
        assert_eq!(shown, skus, "in the order in which they came");
        assert_eq!(cart["total"], money(200 * 999 * 100, "USD"));
        // One more does not fit; what is there can be changed.
        let refused = ada.send_add("one-more", 1).await;
        refused.expect_error(409, "a cart cannot have more than 200 lines");
        assert_eq!(refused.json()["code"], "cart_full");
        let before = shop.questions.count();
        ada.set(&skus[0].to_uppercase(), 5).await;
        assert_eq!(shop.questions.count() - before, 1);
        // Nor does it in a merge, of which nothing is done then.
        let (guest, token) = guest_with(&shop, "one-more", 1).await;
        ada.send_merge(&token).await.expect_error(409, "a cart cannot have more than 200 lines");
        assert_eq!(guest.lines().await.len(), 1);
        ada.remove(&skus[7]).await;
        ada.send_merge(&token).await.expect(200);
        assert_eq!(ada.lines().await.len(), 200);
        assert_eq!(shop.count(LINES).await, 200);
        ada.delete("/cart").await.expect(200);
        assert_eq!(shop.count(LINES).await, 0);
    }
}
