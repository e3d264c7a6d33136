//! Changing quantities, and taking things out.

use kit_testing::on_both_databases;

use crate::app::{CARTS, LINES, Shop, Shopper as _, guest_with, lines, money, named};

on_both_databases! {
    async fn a_quantity_is_set(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("Mug", 5).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 2).await;
        for quantity in [5, 1, 1] {
            assert_eq!(lines(&ada.set("MUG", quantity).await), named(&[("Mug", quantity)]));
        }
        ada.send_set("mug", 6).await.expect_error(409, "only 5 of `Mug` are available");
        assert_eq!(ada.lines().await, named(&[("Mug", 1)]));
    }

    async fn what_is_not_in_the_cart_cannot_be_changed(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let (ada, guest) = (shop.sign_up("ada").client, shop.stranger());
        for client in [&ada, &guest] {
            client.send_set("mug", 1).await.expect_error(404, "Item not found");
            client.send_remove("mug").await.expect_error(404, "Item not found");
        }
        assert_eq!(shop.count(CARTS).await, 0);
    }

    async fn a_line_is_taken_out(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await.with("cup", 5).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 2).await;
        ada.add("cup", 1).await;
        let cart = ada.remove("MUG").await;
        assert_eq!((lines(&cart), &cart["total"]), (named(&[("cup", 1)]), &money(1000, "USD")));
        ada.send_remove("mug").await.expect_error(404, "Item not found");
    }

    async fn a_cart_is_emptied_as_often_as_asked(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 5).await;
        let ada = shop.sign_up("ada").client;
        let (guest, _) = guest_with(&shop, "mug", 1).await;
        ada.add("mug", 2).await;
        for client in [&ada, &guest, &shop.stranger()] {
            for _ in 0..2 {
                let empty = client.delete("/cart").await.expect(200);
                assert_eq!((lines(&empty), &empty["total"]), (Vec::new(), &money(0, "USD")));
            }
        }
        assert_eq!(shop.count(LINES).await, 0);
        ada.add("mug", 1).await;
        assert_eq!(ada.lines().await, named(&[("mug", 1)]));
    }
}
