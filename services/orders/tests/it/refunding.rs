//! Paying orders back.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::Shop;
use crate::books;

fn amount(amount_minor: i64) -> Value {
    json!({ "amount": { "amount_minor": amount_minor, "currency": "USD" } })
}

fn line(sku: &str, quantity: i64) -> Value {
    json!({ "lines": [{ "sku": sku, "quantity": quantity }] })
}

on_both_databases! {
    async fn an_order_is_paid_back_by_line_by_amount_and_whole(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        shop.sell("pot", 250, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 2), ("pot", 1)]).await;
        shop.act(&id, "refund", Some(&line("MUG", 1))).await.expect(200);
        let order = ada.until(&id, |order| order["refunded"]["amount_minor"] == 100).await;
        assert_eq!((&order["status"], &order["items"][0]["refunded_quantity"]), (&json!("paid"), &json!(1)));
        shop.act(&id, "refund", Some(&line("mug", 2))).await.expect_error(409, "of `mug` 1 are left to refund");
        shop.act(&id, "refund", Some(&amount(351))).await.expect_error(409, "what is left to refund is 3.50 USD");
        shop.act(&id, "refund", Some(&amount(50))).await.expect(200);
        ada.until(&id, |order| order["refunded"]["amount_minor"] == 150).await;
        // On its way it can be paid back too.
        let tracking = json!({ "carrier": "DHL", "tracking_number": "1" });
        shop.act(&id, "ship", Some(&tracking)).await.expect(200);
        shop.act(&id, "refund", None).await.expect(200);
        let order = ada.becomes(&id, "refunded").await;
        assert_eq!(order["refunded"], order["total"]);
        assert_eq!((&order["items"][0]["refunded_quantity"], &order["items"][1]["refunded_quantity"]), (&json!(2), &json!(1)));
        shop.act(&id, "refund", None).await.expect_error(409, "an order that is refunded cannot be refunded");
        shop.act(&id, "deliver", None).await.expect(409);
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "paid", "paid", "paid", "shipped", "refunded"]);
        // What has left does not come back into stock by itself.
        assert_eq!(shop.counts("mug").await, (3, 0));
        books::agree(&shop).await;
    }

    async fn refunds_at_once_never_come_to_more_than_was_paid(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 10)]).await;
        let asked: Vec<_> = (0..30).map(|number| match number % 3 {
            0 => amount(150),
            1 => line("mug", 2),
            _ => json!({}),
        }).collect();
        let replies = join_all(asked.iter().map(|body| shop.act(&id, "refund", Some(body)))).await;
        assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status.as_u16())), "{replies:?}");
        let order = ada.becomes(&id, "refunded").await;
        assert_eq!(order["refunded"], order["total"]);
        books::agree(&shop).await;
    }

    async fn a_refund_and_a_cancellation_at_once_pay_everything_back_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let ada = shop.buyer("ada");
        for _ in 0..6 {
            let id = ada.buy(&[("mug", 2)]).await;
            let body = amount(150);
            let (refunded, cancelled) =
                futures::future::join(shop.act(&id, "refund", Some(&body)), ada.cancel(&id)).await;
            assert!([200, 409].contains(&refunded.status.as_u16()), "{refunded:?}");
            cancelled.expect(200);
            ada.until(&id, |order| order["refunded"] == order["total"]).await;
        }
        books::agree(&shop).await;
        assert_eq!(shop.counts("mug").await, (50, 0));
    }

    async fn only_what_was_paid_is_paid_back_and_only_by_staff(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        shop.act(&id, "refund", None).await.expect_error(409, "an order that is confirmed cannot be refunded");
        let path = format!("/admin/orders/{id}/refund");
        ada.orders.client.post(&path, &json!({})).await.expect(403);
        let both = json!({ "lines": [{ "sku": "mug", "quantity": 1 }], "amount": { "amount_minor": 1, "currency": "USD" } });
        for body in [both, amount(0), amount(-5), json!({ "lines": [] }), json!({ "everything": true })] {
            shop.act(&id, "refund", Some(&body)).await.expect(400);
        }
        assert_eq!(shop.orders.count("SELECT id FROM refunds").await, 0);
    }
}
