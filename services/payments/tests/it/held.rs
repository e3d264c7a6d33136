//! Money that the provider has charged and that is not taken for its payment: staff have it paid back.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use orders_api::PaymentId;
use payments_api::PaymentStatus;
use serde_json::{Value, json};

use crate::books;
use crate::reconciling::finds;
use crate::shop::{DECLINED, GOOD, MORE, Payer as _, Shop, becomes};

const POSTED: &str = "SELECT id FROM ledger_transactions WHERE kind IN ('charge_held', 'charge_returned')";

async fn seen_by_staff(shop: &Shop, id: PaymentId) -> Value {
    let path = format!("/admin/payments/{id}");
    shop.staff().client.get(&path).await.expect(200)
}

fn refund_path(id: PaymentId) -> String {
    format!("/admin/payments/{id}/refund")
}

on_both_databases! {
    async fn another_sum_is_paid_back_once_and_the_payment_can_be_paid(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[("payments.reconcile_period", "1s")]).await;
        let (ada, clerk) = (shop.sign_up("ada"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, MORE).await.expect(200);
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["held"][0]["amount"]["amount_minor"], &seen["held"][0]["status"]), (&json!(1_251), &json!("held")));
        assert_eq!((&seen["captured"]["amount_minor"], shop.count(POSTED).await), (&json!(0), 1));
        books::are_in_order(&shop).await;
        let resolve = clerk.client.post(&format!("/admin/payments/{id}/resolve"), &json!({})).await;
        resolve.expect_error(409, "12.51 USD is held, and is paid back in whole");
        let part = json!({ "amount": { "amount_minor": 1_250, "currency": "USD" } });
        let refused = clerk.client.post(&refund_path(id), &part).await;
        refused.expect_error(409, "12.51 USD is held, and is paid back in whole");
        let sent = join_all((0..10).map(|_| async { clerk.keyed("key").client.post(&refund_path(id), &json!({})).await })).await;
        for reply in &sent {
            let refund = reply.expect(200);
            assert_eq!((&refund["status"], &refund["amount"]["amount_minor"]), (&json!("succeeded"), &json!(1_251)));
            assert_eq!(reply.body, sent[0].body);
        }
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["flag"], &seen["status"], &seen["held"][0]["status"]), (&Value::Null, &json!("open"), &json!("returned")));
        let told = "the provider charged 12.51 USD, and has paid it back";
        assert_eq!((&seen["attempts"][0]["status"], &seen["attempts"][0]["reason"]), (&json!("declined"), &json!(told)));
        clerk.client.post(&refund_path(id), &json!({})).await.expect_error(409, "the payment is not paid");
        // What the provider says of it again is not taken, nor held a second time.
        fixture.advance(Duration::from_secs(1));
        finds(&shop, "agrees", 1).await;
        ada.pay_order(1, GOOD).await.expect(200);
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["flag"], &seen["status"], &seen["refunded"]["amount_minor"]), (&Value::Null, &json!("succeeded"), &json!(0)));
        assert_eq!((shop.count(POSTED).await, shop.count("SELECT key FROM sandbox_refunds").await), (2, 1));
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn a_second_charge_is_paid_back_before_what_was_paid(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[("payments.reconcile_period", "1s")]).await;
        let (ada, clerk) = (shop.sign_up("ada"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, DECLINED).await.expect(402);
        ada.pay_order(1, GOOD).await.expect(200);
        // The provider charges what it had declined, and we hear of it late.
        assert_eq!(shop.execute("UPDATE sandbox_charges SET status = 'succeeded' WHERE key LIKE '%-1'").await, 1);
        fixture.advance(Duration::from_secs(1));
        finds(&shop, "flagged", 1).await;
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["flag"], &seen["held"][0]["attempt"]), (&json!("charged_after_decline"), &json!(1)));
        // Another sum is of what was paid.
        let part = json!({ "amount": { "amount_minor": 250, "currency": "USD" } });
        assert_eq!(clerk.client.post(&refund_path(id), &part).await.expect(200)["amount"]["amount_minor"], 250);
        assert_eq!(clerk.client.post(&refund_path(id), &json!({})).await.expect(200)["amount"]["amount_minor"], 1_250);
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["flag"], &seen["refunded"]["amount_minor"], &seen["held"][0]["status"]), (&Value::Null, &json!(250), &json!("returned")));
        fixture.advance(Duration::from_secs(1));
        assert_eq!(clerk.client.post(&refund_path(id), &json!({})).await.expect(200)["amount"]["amount_minor"], 1_000);
        assert_eq!(shop.find(1).await.status, PaymentStatus::Succeeded);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn what_the_provider_does_not_pay_back_stays_held(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, clerk) = (shop.sign_up("ada"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, MORE).await.expect(200);
        shop.cancel(1).await;
        becomes(&shop, 1, PaymentStatus::Cancelled).await;
        shop.execute("UPDATE sandbox_charges SET refunded_minor = 1").await;
        assert_eq!(clerk.client.post(&refund_path(id), &json!({})).await.expect(200)["status"], "failed");
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["held"][0]["status"], &seen["held"][0]["reason"]), (&json!("held"), &json!("more than was charged")));
        assert_eq!((&seen["flag"], shop.count(POSTED).await), (&json!("amount_differs"), 1));
        books::are_in_order(&shop).await;
        shop.execute("UPDATE sandbox_charges SET refunded_minor = 0").await;
        assert_eq!(clerk.client.post(&refund_path(id), &json!({})).await.expect(200)["status"], "succeeded");
        let seen = seen_by_staff(&shop, id).await;
        assert_eq!((&seen["flag"], &seen["status"]), (&Value::Null, &json!("cancelled")));
        ada.client.post(&refund_path(id), &json!({})).await.expect(403);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
