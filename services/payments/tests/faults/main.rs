//! Payments stops in the middle, at every point where that could hurt, and starts again. These tests set the faults of
//! their process, so they are not among the others.

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "the stories of the other tests use the rest")]
mod app;
#[path = "../it/books.rs"]
mod books;
#[path = "../it/shop.rs"]
#[expect(dead_code, reason = "the stories of the other tests use the rest")]
mod shop;

use std::time::Duration;

use fail::FailScenario;
use kit_testing::{Fixture, eventually, on_both_databases};
use payments_api::PaymentStatus;

use serde_json::json;
use shop::{GOOD, MORE, Payer as _, Shop, becomes, is_refunded};

const CHARGES: &str = "SELECT key FROM sandbox_charges WHERE status = 'succeeded'";

const TAKEN_UP: &str = "SELECT id FROM payment_refunds WHERE status = 'pending' AND looks > 0";

/// The next one who comes to this point breaks off there.
fn break_off(point: &str) {
    fail::cfg(point, "1*return->off").unwrap_or_else(|error| panic!("{error}"));
}

/// Starts again, half a minute later.
async fn start_again(fixture: &Fixture, shop: Shop) -> Shop {
    shop.stop().await;
    for (point, _) in fail::list() {
        fail::remove(point);
    }
    fixture.advance(Duration::from_secs(31));
    Shop::start(fixture).await
}

on_both_databases! {
    async fn a_payment_that_breaks_off_is_made_once_or_not_at_all(fixture: &Fixture) {
        let scenario = FailScenario::setup();
        let mut shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada").identity;
        for (number, (point, is_charged)) in (1..).zip([
            ("payments::before-dispatch", false),
            ("payments::before-charge", false),
            ("payments::after-charge-before-store", true),
        ]) {
            let key = format!("key-{number}");
            let payer = shop.person(ada.clone());
            shop.owe(&payer, number, 1_250).await;
            break_off(point);
            payer.keyed(&key).pay_order(number, GOOD).await.expect(500);
            shop = start_again(fixture, shop).await;
            let ended = if is_charged { PaymentStatus::Succeeded } else { PaymentStatus::Open };
            becomes(&shop, number, ended).await;
            // Sent again with its key, it finds its own attempt, or makes another where nobody was charged.
            let payer = shop.person(ada.clone());
            for _ in 0..2 {
                payer.keyed(&key).pay_order(number, GOOD).await.expect(200);
            }
            assert_eq!(shop.find(number).await.status, PaymentStatus::Succeeded);
        }
        assert_eq!(shop.count(CHARGES).await, 3);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
        scenario.teardown();
    }

    async fn a_browser_that_never_comes_back_is_not_waited_for(fixture: &Fixture) {
        let scenario = FailScenario::setup();
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let opened = ada.client.post(&format!("/payments/{id}/checkout"), &json!({})).await.expect(200);
        let page = opened["checkout_url"].as_str().and_then(|url| url.split_once("/api")).map(|(_, path)| path.to_owned());
        break_off("payments::after-page-before-return");
        let browser = shop.stranger();
        browser.post(&page.expect("a page"), &json!({ "action": "approve" })).await.expect(500);
        let shop = start_again(fixture, shop).await;
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
        scenario.teardown();
    }

    async fn a_return_that_breaks_off_is_made_once(fixture: &Fixture) {
        let scenario = FailScenario::setup();
        let mut shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada").identity;
        for (number, point) in (1..).zip(["payments::before-refund", "payments::after-refund-before-store"]) {
            let payer = shop.person(ada.clone());
            let id = shop.owe(&payer, number, 1_250).await;
            payer.pay_order(number, MORE).await.expect(200);
            break_off(point);
            let path = format!("/admin/payments/{id}/refund");
            shop.staff().keyed("key").client.post(&path, &json!({})).await.expect(500);
            shop = start_again(fixture, shop).await;
            becomes(&shop, number, PaymentStatus::Open).await;
            shop.cancel(number).await;
            becomes(&shop, number, PaymentStatus::Cancelled).await;
        }
        assert_eq!(shop.count("SELECT key FROM sandbox_refunds").await, 2);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
        scenario.teardown();
    }

    async fn a_refund_that_breaks_off_is_made_once(fixture: &Fixture) {
        let scenario = FailScenario::setup();
        let mut shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada").identity;
        for (number, point) in (1..).zip(["payments::before-refund", "payments::after-refund-before-store"]) {
            let payer = shop.person(ada.clone());
            shop.owe(&payer, number, 1_250).await;
            payer.pay_order(number, GOOD).await.expect(200);
            break_off(point);
            shop.refund(number, (number, 500)).await.expect_err("it breaks off");
            shop = start_again(fixture, shop).await;
            is_refunded(&shop, number, 500).await;
            shop.refund(number, (number, 500)).await.expect("it is made");
            assert_eq!(shop.find(number).await.refunded.amount_minor, 500);
            // What an order's end pays back breaks off as well.
            break_off(point);
            shop.cancel(number).await;
            let taken_up = async || (shop.count(TAKEN_UP).await == 1).then_some(());
            eventually("it is taken up", taken_up).await;
            shop = start_again(fixture, shop).await;
            is_refunded(&shop, number, 1_250).await;
        }
        assert_eq!(shop.count("SELECT key FROM sandbox_refunds").await, 4);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
        scenario.teardown();
    }
}
