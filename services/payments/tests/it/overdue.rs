//! What is left half-done, or too late, comes to its end by itself.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use payments_api::{PaymentStatus, PaymentView};

use crate::books;
use crate::shop::{ACTION, DECLINED, GOOD, LOST, MORE, Payer as _, Shop, becomes, dollars, is_refunded};

fn last_attempt(view: &PaymentView) -> (&'static str, Option<&str>) {
    let attempt = view.attempts.last();
    attempt.map_or(("", None), |attempt| {
        (attempt.status.as_str(), attempt.reason.as_deref())
    })
}

on_both_databases! {
    async fn a_lost_answer_is_looked_up(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        assert_eq!(ada.pay_order(1, LOST).await.expect(200)["payments"][0]["status"], "processing");
        fixture.advance(Duration::from_secs(30));
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        let paid = ada.pay_order(1, GOOD).await.expect(200);
        assert_eq!(paid["payments"][0]["attempts"].as_array().map(Vec::len), Some(1));
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn what_is_not_paid_in_time_expires_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        shop.owe(&ada, 2, 80).await;
        shop.owe(&ada, 3, 80).await;
        ada.pay_order(2, GOOD).await.expect(200);
        ada.pay_order(3, DECLINED).await.expect(402);
        fixture.advance(Duration::from_mins(30) - Duration::from_micros(1));
        shop.owe(&ada, 4, 80).await;
        fixture.advance(Duration::from_micros(1));
        becomes(&shop, 1, PaymentStatus::Expired).await;
        becomes(&shop, 3, PaymentStatus::Expired).await;
        fixture.advance(Duration::from_mins(29));
        assert_eq!(shop.find(4).await.status, PaymentStatus::Open);
        shop.cancel(1).await;
        shop.cancel(4).await;
        becomes(&shop, 4, PaymentStatus::Cancelled).await;
        assert_eq!(shop.find(1).await.status, PaymentStatus::Expired, "it has ended before");
        let expired = shop.event_types().await.iter().filter(|kind| *kind == "payment.expired").count();
        assert_eq!(expired, 2);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn what_waits_for_its_payer_ends_with_its_order_or_its_time(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        for (number, ended) in [(1, PaymentStatus::Cancelled), (2, PaymentStatus::Expired)] {
            shop.owe(&ada, number, 1_250).await;
            ada.pay_order(number, ACTION).await.expect(200);
            match ended {
                PaymentStatus::Cancelled => shop.cancel(number).await,
                _ => fixture.advance(Duration::from_mins(30)),
            }
            becomes(&shop, number, ended).await;
            assert_eq!(last_attempt(&shop.find(number).await), ("declined", Some("it was given up")));
        }
        assert_eq!(shop.count("SELECT key FROM sandbox_charges WHERE status = 'closed'").await, 2);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn a_success_that_comes_too_late_is_paid_back_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        for (number, ended) in [(1, PaymentStatus::Cancelled), (2, PaymentStatus::Expired)] {
            shop.owe(&ada, number, 1_250).await;
            // Charged, and we do not know.
            ada.pay_order(number, LOST).await.expect(200);
            match ended {
                PaymentStatus::Cancelled => shop.cancel(number).await,
                _ => fixture.advance(Duration::from_mins(30)),
            }
            becomes(&shop, number, ended).await;
            is_refunded(&shop, number, 1_250).await;
            shop.cancel(number).await;
        }
        let types = shop.event_types().await;
        for (kind, times) in [("payment.succeeded", 0), ("payment.refunded", 2), ("payment.cancelled", 1), ("payment.expired", 1)] {
            assert_eq!(types.iter().filter(|one| *one == kind).count(), times, "{kind}");
        }
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn another_amount_is_never_paid_and_the_payment_ends(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        shop.owe(&ada, 2, 1_250).await;
        ada.pay_order(1, MORE).await.expect(200);
        ada.pay_order(2, MORE).await.expect(200);
        shop.cancel(1).await;
        becomes(&shop, 1, PaymentStatus::Cancelled).await;
        fixture.advance(Duration::from_mins(30));
        becomes(&shop, 2, PaymentStatus::Expired).await;
        for number in [1, 2] {
            let view = shop.find(number).await;
            assert_eq!((last_attempt(&view), view.refunded), (("unknown", Some("the provider charged 12.51 USD")), dollars(0)));
        }
        assert_eq!(shop.count("SELECT id FROM payments WHERE flag = 'amount_differs'").await, 2);
        assert_eq!(shop.count("SELECT id FROM ledger_transactions WHERE kind <> 'charge_held'").await, 0);
        books::are_in_order(&shop).await;
    }

    async fn several_processes_share_what_is_overdue(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        for number in 1..=30 {
            shop.owe(&ada, number, 100).await;
        }
        join_all((1..=30).map(|number| ada.pay_order(number, LOST))).await;
        // On SQLite a file has one process.
        if !fixture.is_postgres() {
            shop.stop().await;
        }
        let shop = Shop::start(fixture).await;
        join_all((1..=10).map(|number| shop.cancel(number))).await;
        fixture.advance(Duration::from_secs(30));
        for number in 1..=10 {
            is_refunded(&shop, number, 100).await;
        }
        for number in 11..=30 {
            becomes(&shop, number, PaymentStatus::Succeeded).await;
        }
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
