//! Orders are cancelled, before and after they are paid, and nothing brings their payments back.

use futures::future::join_all;
use kit_testing::{eventually, on_both_databases};
use payments_api::PaymentStatus;

use crate::books;
use crate::shop::{GOOD, Payer as _, Shop, becomes, call, dollars, is_refunded};

on_both_databases! {
    async fn what_is_not_paid_ends_with_its_order(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        shop.cancel(1).await;
        shop.cancel(1).await;
        becomes(&shop, 1, PaymentStatus::Cancelled).await;
        ada.pay_order(1, GOOD).await.expect_error(409, "the payment cannot be paid, it is cancelled");
        assert_eq!(shop.event_types().await, ["payment.created", "payment.cancelled"]);
        books::are_in_order(&shop).await;
    }

    async fn a_payment_that_comes_after_the_end_of_its_order_is_cancelled(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.cancel(1).await;
        let marked = async || (shop.count("SELECT id FROM payables WHERE cancelled = 1").await == 1).then_some(());
        eventually("the cancelling is known", marked).await;
        let draft = shop.draft(&ada, 1, dollars(1_250));
        for _ in 0..2 {
            let view = shop.payments.create_payment(&call(), draft.clone()).await.unwrap();
            assert_eq!(view.status, PaymentStatus::Cancelled);
        }
        assert_eq!(shop.event_types().await, ["payment.created", "payment.cancelled"]);
        books::are_in_order(&shop).await;
    }

    async fn what_is_paid_is_paid_back_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, GOOD).await.expect(200);
        for _ in 0..3 {
            shop.cancel(1).await;
        }
        is_refunded(&shop, 1, 1_250).await;
        shop.cancel(1).await;
        shop.owe(&ada, 2, 5).await;
        shop.cancel(2).await;
        becomes(&shop, 2, PaymentStatus::Cancelled).await;
        let view = shop.find(1).await;
        assert_eq!((view.status, view.refunded), (PaymentStatus::Succeeded, dollars(1_250)));
        let events = shop.events().await;
        let refunds: Vec<_> = events.iter().filter(|(kind, _)| kind == "payment.refunded").collect();
        assert_eq!(refunds.len(), 1);
        let refund = &refunds[0].1;
        assert_eq!(refund["refund_id"], id.to_string().replace("pay_", "rfd_"));
        assert_eq!((&refund["version"], &refund["refund_amount"]["amount_minor"]), (&3.into(), &1_250.into()));
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn of_what_is_paid_back_in_part_the_rest_follows(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, GOOD).await.expect(200);
        shop.refund(1, (7, 250)).await.unwrap();
        shop.cancel(1).await;
        is_refunded(&shop, 1, 1_250).await;
        assert_eq!(shop.count("SELECT key FROM sandbox_refunds").await, 2);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn paying_and_cancelling_at_once_ends_paid_back_or_never_paid(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let rounds = (1..=12).map(async |number| {
            shop.owe(&ada, number, 1_250).await;
            let (paid, ()) = tokio::join!(ada.pay_order(number, GOOD), shop.cancel(number));
            assert!([200, 409].contains(&paid.status.as_u16()), "{}", paid.status);
        });
        join_all(rounds).await;
        for number in 1..=12 {
            let over = async || {
                let view = shop.find(number).await;
                let is_over = match view.status {
                    PaymentStatus::Succeeded => view.refunded == view.amount,
                    PaymentStatus::Cancelled => {
                        let was_charged = view.attempts.iter().any(|attempt| attempt.status.as_str() == "succeeded");
                        !was_charged || view.refunded == view.amount
                    }
                    _ => false,
                };
                is_over.then_some(())
            };
            eventually("it is over", over).await;
        }
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
