//! Paying for orders, and what may come between.

use futures::future::join_all;
use kit_testing::{eventually, on_both_databases};
use serde_json::json;

use crate::app::{LineState, Shop};
use crate::books;

on_both_databases! {
    async fn ten_payments_of_one_order_pay_it_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 2)]).await;
        let replies = join_all((0..10).map(|_| ada.pay(&id))).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        ada.becomes(&id, "paid").await;
        shop.counts_become("mug", (3, 0)).await;
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "paid"]);
        books::agree(&shop).await;
    }

    async fn an_order_that_is_paid_and_cancelled_at_once_is_paid_back_or_never_paid(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        for _ in 0..12 {
            let id = ada.confirm(&[("mug", 1)]).await;
            let (paid, cancelled) = futures::future::join(ada.pay(&id), ada.cancel(&id)).await;
            assert!([200, 409].contains(&paid.status.as_u16()), "{paid:?}");
            cancelled.expect(200);
        }
        books::agree(&shop).await;
        assert_eq!(shop.counts("mug").await, (5, 0));
    }

    async fn what_is_paid_before_it_shows_is_paid(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        // The payment is opened, and orders do not know it.
        shop.line.set(LineState::LosesAnswers);
        let id = ada.create(&[("mug", 1)]).await;
        eventually("the payment is open", async || shop.payment(&id).await).await;
        assert_eq!(ada.status(&id).await, "pending");
        ada.pay(&id).await.expect(200);
        ada.becomes(&id, "paid").await;
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "paid"]);
        books::agree(&shop).await;
    }

    async fn a_late_success_revives_nothing_and_is_paid_back_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        // Payments hear of the end of the order only after they have been paid.
        ada.pay(&id).await.expect(200);
        ada.cancel(&id).await.expect(200);
        let order = ada.until(&id, |order| order["refunded"]["amount_minor"] == 100).await;
        assert_eq!((&order["status"], &order["reason"]), (&json!("cancelled"), &json!("requested")));
        assert_eq!(order["refunds"].as_array().map(Vec::len), Some(1));
        shop.counts_become("mug", (5, 0)).await;
        books::agree(&shop).await;
    }
}
