//! What orders asks of payments: opening, finding, paying back.

use futures::future::join_all;
use kit_http::FieldError;
use kit_testing::on_both_databases;
use payments_api::{FindPayment, PaymentsClient, PaymentsError, PaymentsRefusal, RefundStatus};

use crate::books;
use crate::shop::{GOOD, Payer as _, Shop, call, dollars, money, order, refund_id};

fn refusing<T>(refusal: PaymentsRefusal) -> Result<T, PaymentsError> {
    Err(PaymentsError::Refused(refusal))
}

on_both_databases! {
    async fn an_order_has_one_payment_for_ever(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let draft = shop.draft(&ada, 1, dollars(1_250));
        let opened = join_all((0..50).map(async |_| {
            shop.payments.create_payment(&call(), draft.clone()).await.unwrap()
        })).await;
        assert!(opened.iter().all(|view| *view == opened[0]), "{opened:?}");
        assert_eq!(shop.event_types().await, ["payment.created"]);
        for (transport, payments) in shop.each_transport::<PaymentsClient>().await {
            let again = payments.create_payment(&call(), draft.clone()).await;
            assert_eq!(again.as_ref(), Ok(&opened[0]), "{transport}");
            let mut others = vec![draft.clone(); 4];
            others[0].amount = dollars(1_251);
            others[1].amount = money(1_250, "EUR");
            others[2].user_id = None;
            others[3].expires_at = draft.expires_at.plus(std::time::Duration::from_secs(1));
            for other in others {
                let differs = payments.create_payment(&call(), other).await;
                assert_eq!(differs, refusing(PaymentsRefusal::PaymentDiffers), "{transport}");
            }
            let found = payments.find_payment(&call(), FindPayment { payable: order(1).into() }).await;
            assert_eq!(found, Ok(Some(opened[0].clone())), "{transport}");
            let none = payments.find_payment(&call(), FindPayment { payable: order(2).into() }).await;
            assert_eq!(none, Ok(None), "{transport}");
        }
        let mut bad = shop.draft(&ada, 2, dollars(0));
        bad.description = "x".repeat(501);
        let errors = vec![
            FieldError::new("/amount", "must be more than 0"),
            FieldError::new("/description", "must have at most 500 characters"),
        ];
        assert_eq!(shop.payments.create_payment(&call(), bad).await, Err(PaymentsError::Invalid(errors)));
        books::are_in_order(&shop).await;
    }

    async fn what_was_paid_is_paid_back_in_parts(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        assert_eq!(shop.refund(1, (1, 5)).await, refusing(PaymentsRefusal::NotPaid));
        shop.owe(&ada, 1, 1_250).await;
        assert_eq!(shop.refund(1, (1, 5)).await, refusing(PaymentsRefusal::NotPaid));
        ada.pay_order(1, GOOD).await.expect(200);
        for _ in 0..3 {
            let refund = shop.refund(1, (1, 500)).await.unwrap();
            assert_eq!((refund.refund_id, refund.amount, refund.status), (refund_id(1), dollars(500), RefundStatus::Succeeded));
        }
        assert_eq!(shop.refund(1, (1, 501)).await, refusing(PaymentsRefusal::RefundDiffers));
        let most = dollars(750);
        assert_eq!(shop.refund(1, (2, 751)).await, refusing(PaymentsRefusal::RefundExceedsPayment { most }));
        assert!(matches!(shop.refund(1, (2, 0)).await, Err(PaymentsError::Invalid(_))));
        assert_eq!(shop.find(1).await.refunded, dollars(500));
        shop.refund(1, (2, 750)).await.unwrap();
        assert_eq!(shop.find(1).await.refunded, dollars(1_250));
        let events = shop.events().await;
        let sums: Vec<_> = events.iter().filter(|(kind, _)| kind == "payment.refunded")
            .map(|(_, event)| event["refunded"]["amount_minor"].as_i64().unwrap()).collect();
        assert_eq!(sums, [500, 1_250]);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn of_many_refunds_at_once_no_more_is_paid_back_than_was_paid(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_000).await;
        ada.pay_order(1, GOOD).await.expect(200);
        // Each of twenty refunds is asked for three times.
        let refunds = join_all((0..60_u128).map(|number| shop.refund(1, (number % 20, 90)))).await;
        let done = refunds.iter().filter(|refund| refund.is_ok()).count();
        assert_eq!(done, 33, "eleven times ninety are 990");
        assert_eq!(shop.find(1).await.refunded, dollars(990));
        assert_eq!(shop.count("SELECT key FROM sandbox_refunds").await, 11);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
