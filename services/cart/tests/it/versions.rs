//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use futures::future::join_all;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Shop, Shopper as _, guest_with, named};

const CHANGED: &str = "the resource has changed since";

on_both_databases! {
    async fn a_change_of_what_was_seen_goes_through_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 50).await.with("cup", 50).await;
        let (ada, (guest, _)) = (shop.sign_up("ada").client, guest_with(&shop, "mug", 1).await);
        for client in [&ada, &guest] {
            client.add("mug", 1).await;
            client.add("cup", 1).await;
            for (method, path, body) in [
                (Method::PUT, "/cart/items/mug", Some(json!({ "quantity": 3 }))),
                (Method::DELETE, "/cart/items/mug", None),
                (Method::DELETE, "/cart", None),
            ] {
                let seen = client.get("/cart").await.header("etag").to_owned();
                client.add("cup", 1).await;
                let stale = client.with("if-match", &seen);
                stale.send(method.clone(), path, body.as_ref()).await.expect_error(412, CHANGED);
                let now = client.get("/cart").await.header("etag").to_owned();
                assert_ne!(now, seen);
                let changed = client.with("if-match", &now).send(method.clone(), path, body.as_ref()).await;
                changed.expect(200);
                assert_eq!(client.get("/cart").await.header("etag"), changed.header("etag"));
                let odd = client.with("if-match", "3").send(method, path, body.as_ref()).await;
                assert_eq!(odd.expect(400)["code"], "invalid_if_match");
            }
        }
        // A user's cart that was emptied does not begin again: what was seen before is never right again.
        let emptied = ada.get("/cart").await.header("etag").to_owned();
        ada.add("mug", 1).await;
        ada.with("if-match", &emptied).delete("/cart").await.expect_error(412, CHANGED);
        assert_eq!(shop.stranger().get("/cart").await.header("etag"), "\"0\"");
    }

    async fn of_two_who_have_seen_the_same_one_changes_it(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 50).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        for round in 0..10 {
            let seen = ada.get("/cart").await.header("etag").to_owned();
            let conditional = ada.with("if-match", &seen);
            let setting = [round + 2, round + 3].map(|quantity| conditional.send_set("mug", quantity));
            let mut statuses: Vec<_> = join_all(setting).await.iter().map(|reply| reply.status.as_u16()).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412]);
        }
    }

    async fn what_the_catalog_changes_is_no_change_of_the_cart(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("mug", 50).await;
        let ada = shop.sign_up("ada").client;
        ada.add("mug", 1).await;
        let seen = ada.get("/cart").await.header("etag").to_owned();
        shop.clerk().set_stock("mug", 3).await;
        assert_eq!(ada.get("/cart").await.header("etag"), seen);
        ada.with("if-match", &seen).set("mug", 2).await;
        assert_eq!(ada.lines().await, named(&[("mug", 2)]));
    }
}
