//! `Idempotency-Key`: what is asked for once happens once, however often it is sent.

use futures::future::join_all;
use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{ORDERS, Shop, text};
use crate::books;

const REUSED: &str = "`Idempotency-Key` was used for another request";

on_both_databases! {
    async fn fifty_orders_with_a_key_are_one(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 60).await;
        let keyed = shop.buyer("ada").keyed("key");
        let replies = join_all((0..50).map(|_| keyed.send(&[("mug", 1)]))).await;
        let first = &replies[0];
        first.expect(201);
        assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (first.status, &first.body)));
        assert_eq!(shop.orders.count(ORDERS).await, 1);
        keyed.send(&[("mug", 2)]).await.expect_error(422, REUSED);
        // Another buyer has keys of their own.
        shop.buyer("bob").keyed("key").send(&[("mug", 1)]).await.expect(201);
        books::agree(&shop).await;
    }

    async fn the_answer_stays_whatever_becomes_of_what_was_ordered(fixture: &Fixture) {
        let shop = Shop::open(fixture).await.with_catalog_afar(fixture).await;
        let mug = shop.sell("mug", 100, 9).await;
        let keyed = shop.buyer("ada").keyed("key");
        let first = keyed.send(&[("mug", 1)]).await;
        let path = format!("/products/{}", text(&mug["id"]));
        shop.catalog.staff().client.delete(&path).await.expect(200);
        assert_eq!(keyed.send(&[("mug", 1)]).await.body, first.body);
        shop.catalog.stop().await;
        assert_eq!(keyed.send(&[("mug", 1)]).await.body, first.body, "catalog is away");
        keyed.send(&[("mug", 2)]).await.expect_error(422, REUSED);
    }

    async fn a_refusal_is_not_kept(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let keyed = shop.buyer("ada").keyed("key");
        keyed.send(&[("mug", 1)]).await.expect(404);
        shop.sell("mug", 100, 9).await;
        keyed.send(&[("mug", 1)]).await.expect(201);
    }

    async fn a_refund_with_a_key_is_one(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 5)]).await;
        let (keyed, path) = (shop.clerk.keyed("key"), format!("/admin/orders/{id}/refund"));
        let body = json!({ "lines": [{ "sku": "mug", "quantity": 1 }] });
        let replies = join_all((0..20).map(|_| keyed.client.post(&path, &body))).await;
        assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
        let refunded = ada.until(&id, |order| order["refunded"]["amount_minor"] == 100).await;
        assert_eq!((&refunded["status"], &refunded["items"][0]["refunded_quantity"]), (&json!("paid"), &json!(1)));
        keyed.client.send(Method::POST, &path, None).await.expect_error(422, REUSED);
        books::agree(&shop).await;
    }

    async fn a_cancellation_with_a_key_is_one(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        let keyed = ada.keyed("key");
        let replies = join_all((0..20).map(|_| keyed.cancel(&id))).await;
        assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
        // Without one it is answered as it stands.
        assert_eq!(ada.cancel(&id).await.expect(200)["status"], "cancelled");
        books::agree(&shop).await;
    }
}
