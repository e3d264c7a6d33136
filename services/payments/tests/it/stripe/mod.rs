//! Payments by Stripe: cards, hosted pages, refunds, and what becomes of them when answers are lost.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

mod events;
mod server;

use std::time::Duration;

use futures::future::join_all;
use kit_runtime::Clock;
use kit_testing::{Fixture, eventually, on_both_databases};
use kit_values::Uuid;
use orders_api::PaymentId;
use payments_api::PaymentStatus;
use serde_json::{Value, json};

use crate::books;
use crate::reconciling::finds;
use crate::shop::{GOOD, Payer as _, Shop, becomes, dollars, is_refunded};

use server::Account;

pub(crate) const SECRET: &str = "whsec_of_the_endpoint";
pub(crate) const OLD_SECRET: &str = "whsec_of_the_endpoint_before";

pub(crate) const VISA: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";
const ACTION: &str = "pm_card_threeDSecure2Required";
/// Charged, and the connection breaks; there is no answer; the answer is an error; it is another sum.
const BREAKS: &str = "pm_card_thenBreaks";
pub(crate) const SILENT: &str = "pm_card_thenSilent";
const FAILS: &str = "pm_card_thenFails";
const MORE: &str = "pm_card_chargesMore";
/// There is no answer, and nothing is charged.
const NEVER: &str = "pm_card_silent";

/// Payments with Stripe, with these settings instead of the usual ones.
pub(crate) fn settings<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("payments.provider", "stripe"),
        ("payments.stripe.secret_key", "sk_test_of_the_stories"),
        (
            "payments.stripe.webhook_secrets",
            "whsec_of_the_endpoint_before,whsec_of_the_endpoint",
        ),
        ("payments.stripe.api", server::url()),
        ("payments.provider_timeout", "5s"),
    ];
    all.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
    all.extend(more);
    all
}

/// No webhook arrives unless a story sends it.
pub(crate) async fn shop_with(fixture: &Fixture, more: &[(&str, &str)]) -> Shop {
    Shop::start_with(fixture, &settings(more)).await
}

/// The name that Stripe gave to the only charge, or the newest.
pub(crate) async fn object(shop: &Shop) -> String {
    let rows = shop
        .rows("SELECT object_id FROM stripe_charges ORDER BY created_at DESC, key DESC LIMIT 1")
        .await;
    rows[0].get("object_id").unwrap()
}

/// Refunds are named by who asks for them, and all stories ask one Stripe.
fn refund_of(id: PaymentId, number: u128) -> u128 {
    Uuid::from(id).as_u128() + number
}

fn last_attempt(payment: &Value) -> (&Value, &Value) {
    let attempt = payment["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(attempt["provider"], "stripe");
    (&attempt["status"], &attempt["reason"])
}

/// What Stripe has of a payment that was charged once.
async fn received(shop: &Shop) -> Value {
    let intent = format!("/v1/payment_intents/{}", object(shop).await);
    Account::of(shop).get(&intent).await["amount_received"].clone()
}

on_both_databases! {
    async fn a_card_is_charged_or_declined_with_its_reason(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let declined = ada.pay_order(1, DECLINED).await;
        declined.expect_error(402, "Your card has insufficient funds.");
        assert_eq!(last_attempt(&ada.payment(id).await), (&json!("declined"), &json!("Your card has insufficient funds.")));
        let unknown = ada.pay_order(1, "pm_nobodys").await;
        unknown.expect_error(402, "No such PaymentMethod: 'pm_nobodys'");
        // It is closed there, so that nobody confirms it later.
        let intent = format!("/v1/payment_intents/{}", object(&shop).await);
        assert_eq!(Account::of(&shop).get(&intent).await["status"], "canceled");
        let paid = ada.pay_order(1, VISA).await.expect(200);
        assert_eq!((&paid["payments"][0]["status"], &paid["amount_paid"]["amount_minor"]), (&json!("succeeded"), &json!(1_250)));
        assert_eq!(received(&shop).await, 1_250);
        let intent = format!("/v1/payment_intents/{}", object(&shop).await);
        assert_eq!(Account::of(&shop).get(&intent).await["metadata"], json!({ "stoa_charge": format!("{id}-3") }));
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_in_order(&shop).await;
    }

    async fn card_numbers_are_refused_and_nothing_is_sent(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        for body in [json!({ "method": GOOD }), json!({ "method": "tok_visa" }), json!({ "method": "pm_a/../b" }), json!({})] {
            let refused = ada.send_pay_for(body).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], "/method");
            assert!(!refused.to_string().contains("4242"));
        }
        assert_eq!(shop.find(1).await.attempts, []);
        shop.stranger().get("/checkout/x").await.expect_error(404, "Checkout not found");
    }

    async fn a_card_that_has_to_be_confirmed_says_where(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let (ada, account) = (shop.sign_up("ada"), Account::of(&shop));
        for (number, success) in [(1, true), (2, false)] {
            shop.owe(&ada, number, 1_250).await;
            let waits = ada.pay_order(number, ACTION).await.expect(200);
            let intent = object(&shop).await;
            assert_eq!(waits["payments"][0]["next_action"], json!({ "type": "redirect", "url": format!("https://hooks.stripe.example/redirect/{intent}") }));
            account.authenticate(&intent, success).await;
            fixture.advance(Duration::from_secs(30));
            let ended = if success { PaymentStatus::Succeeded } else { PaymentStatus::Open };
            becomes(&shop, number, ended).await;
        }
        // One that nobody confirms ends with its order.
        shop.owe(&ada, 3, 1_250).await;
        ada.pay_order(3, ACTION).await.expect(200);
        shop.cancel(3).await;
        becomes(&shop, 3, PaymentStatus::Cancelled).await;
        let intent = format!("/v1/payment_intents/{}", object(&shop).await);
        assert_eq!(account.get(&intent).await["status"], "canceled");
        books::are_in_order(&shop).await;
    }

    async fn a_connection_that_breaks_after_the_charge_charges_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        // It is sent again under the same key, and answered what was done the first time.
        let paid = ada.pay_order(1, BREAKS).await.expect(200);
        assert_eq!(paid["payments"][0]["status"], "succeeded");
        assert_eq!(Account::of(&shop).count(&format!("{id}-1-confirm")).await, 1);
        assert_eq!(received(&shop).await, 1_250);
        books::are_in_order(&shop).await;
    }

    async fn what_stripe_does_not_answer_is_looked_up_and_charged_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[("payments.provider_timeout", "1s")]).await;
        let ada = shop.sign_up("ada");
        for (number, method) in [(1, SILENT), (2, FAILS)] {
            let id = shop.owe(&ada, number, 1_250).await;
            let unknown = ada.pay_order(number, method).await.expect(200);
            let payment = &unknown["payments"][0];
            assert_eq!((&payment["status"], last_attempt(payment).0), (&json!("processing"), &json!("unknown")), "{method}");
            fixture.advance(Duration::from_secs(30));
            becomes(&shop, number, PaymentStatus::Succeeded).await;
            assert_eq!(received(&shop).await, 1_250);
            assert_eq!(Account::of(&shop).count(&format!("{id}-1-confirm")).await, 1);
        }
        // What was not charged is given up there, and can be paid anew.
        let id = shop.owe(&ada, 3, 1_250).await;
        ada.pay_order(3, NEVER).await.expect(200);
        fixture.advance(Duration::from_secs(30));
        becomes(&shop, 3, PaymentStatus::Open).await;
        assert_eq!(last_attempt(&ada.payment(id).await), (&json!("declined"), &json!("it was given up")));
        ada.pay_order(3, VISA).await.expect(200);
        becomes(&shop, 3, PaymentStatus::Succeeded).await;
        books::are_in_order(&shop).await;
    }

    async fn while_stripe_is_away_payments_wait(fixture: &Fixture) {
        let shop = shop_with(fixture, &[("payments.stripe.api", "http://127.0.0.1:9")]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let waits = ada.pay_order(1, VISA).await.expect(200);
        assert_eq!(waits["payments"][0]["status"], "processing");
        shop.stop().await;
        // Nothing was named, so nothing was charged: it is given up, and tried anew.
        fixture.advance(Duration::from_secs(31));
        let shop = shop_with(fixture, &[]).await;
        becomes(&shop, 1, PaymentStatus::Open).await;
        let ada = shop.person(ada.identity);
        ada.pay_order(1, VISA).await.expect(200);
        assert_eq!(ada.payment(id).await["status"], "succeeded");
        books::are_in_order(&shop).await;
    }

    async fn what_comes_too_late_is_paid_back_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[("payments.provider_timeout", "1s")]).await;
        let (ada, account) = (shop.sign_up("ada"), Account::of(&shop));
        for (number, ended) in [(1, PaymentStatus::Cancelled), (2, PaymentStatus::Expired)] {
            shop.owe(&ada, number, 1_250).await;
            // Charged, and we do not know.
            ada.pay_order(number, SILENT).await.expect(200);
            match ended {
                PaymentStatus::Cancelled => shop.cancel(number).await,
                _ => fixture.advance(Duration::from_mins(30)),
            }
            becomes(&shop, number, ended).await;
            is_refunded(&shop, number, 1_250).await;
            shop.cancel(number).await;
            let intent = object(&shop).await;
            let refunds = account.get(&format!("/v1/refunds?payment_intent={intent}&limit=100")).await;
            let sums: Vec<_> = refunds["data"].as_array().unwrap().iter().map(|refund| refund["amount"].clone()).collect();
            assert_eq!(sums, [1_250]);
        }
        books::are_in_order(&shop).await;
    }

    async fn another_sum_than_ours_is_never_taken(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, MORE).await.expect(200);
        assert_eq!(last_attempt(&ada.payment(id).await), (&json!("unknown"), &json!("the provider charged 12.51 USD")));
        let seen = shop.staff().client.get(&format!("/admin/payments/{id}")).await.expect(200);
        assert_eq!((&seen["flag"], &seen["captured"]["amount_minor"]), (&json!("amount_differs"), &json!(0)));
        // Staff have it paid back there, and it can be paid anew.
        let (intent, path) = (object(&shop).await, format!("/admin/payments/{id}/refund"));
        let refund = shop.staff().client.post(&path, &json!({})).await.expect(200);
        assert_eq!((&refund["status"], &refund["amount"]["amount_minor"]), (&json!("succeeded"), &json!(1_251)));
        let refunds = Account::of(&shop).get(&format!("/v1/refunds?payment_intent={intent}&limit=100")).await;
        assert_eq!(refunds["data"][0]["amount"], 1_251);
        ada.pay_order(1, VISA).await.expect(200);
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        books::are_in_order(&shop).await;
    }

    async fn refunds_are_made_in_whole_and_in_part_and_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let (ada, account) = (shop.sign_up("ada"), Account::of(&shop));
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, VISA).await.expect(200);
        join_all((0..5).map(|_| shop.refund(1, (refund_of(id, 1), 500)))).await;
        assert_eq!(shop.find(1).await.refunded, dollars(500));
        // Somebody has paid back at Stripe, so less is left than we know.
        let intent = object(&shop).await;
        account.post("/v1/refunds", &format!("payment_intent={intent}&amount=1")).await.expect(200);
        let refused = shop.refund(1, (refund_of(id, 2), 750)).await.unwrap();
        assert_eq!((refused.status.as_str(), shop.find(1).await.refunded), ("failed", dollars(500)));
        shop.refund(1, (refund_of(id, 3), 749)).await.unwrap();
        assert_eq!(shop.find(1).await.refunded, dollars(1_249));
        let refunds = account.get(&format!("/v1/refunds?payment_intent={intent}&limit=100")).await;
        assert_eq!(refunds["data"].as_array().map(Vec::len), Some(3));
        books::are_in_order(&shop).await;
    }

    async fn a_payer_pays_on_a_page_of_stripes(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let (ada, account) = (shop.sign_up("ada"), Account::of(&shop));
        let id = shop.owe(&ada, 1, 1_250).await;
        let open = async || {
            let opened = ada.client.post(&format!("/payments/{id}/checkout"), &json!({})).await.expect(200);
            let session = object(&shop).await;
            assert_eq!(opened["checkout_url"], format!("https://checkout.stripe.example/c/pay/{session}"));
            session
        };
        // A new page closes the old one.
        let old = open().await;
        fixture.advance(Duration::from_secs(1));
        let new = open().await;
        assert_eq!(account.get(&format!("/v1/checkout/sessions/{old}")).await["status"], "expired");
        account.pay_page(&old, VISA).await.expect(400);
        // On the page another card may follow one that was declined.
        account.pay_page(&new, DECLINED).await.expect(402);
        account.pay_page(&new, VISA).await.expect(200);
        fixture.advance(Duration::from_secs(30));
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        shop.refund(1, (refund_of(id, 1), 250)).await.unwrap();
        assert_eq!(shop.find(1).await.refunded, dollars(250));
        // A page ends with its order.
        let other = shop.owe(&ada, 2, 80).await;
        ada.client.post(&format!("/payments/{other}/checkout"), &json!({})).await.expect(200);
        let session = object(&shop).await;
        shop.cancel(2).await;
        becomes(&shop, 2, PaymentStatus::Cancelled).await;
        account.pay_page(&session, VISA).await.expect(400);
        books::are_in_order(&shop).await;
    }

    /// By the real time, since Stripe lists by it.
    async fn what_stripe_has_made_is_held_against_ours(fixture: &Fixture) {
        let all = settings(&[("payments.provider_timeout", "3s"), ("payments.reconcile_period", "100ms")]);
        let shop = Shop::start_at(fixture, &all, Clock::system()).await;
        let (ada, account) = (shop.sign_up("ada"), Account::of(&shop));
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, SILENT).await.expect(200);
        // Long before anybody looks it up.
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        finds(&shop, "mended", 1).await;
        // On a page of Stripe's, and then somebody pays back there.
        let id = shop.owe(&ada, 2, 80).await;
        ada.client.post(&format!("/payments/{id}/checkout"), &json!({})).await.expect(200);
        let session = object(&shop).await;
        account.pay_page(&session, VISA).await.expect(200);
        becomes(&shop, 2, PaymentStatus::Succeeded).await;
        let intent = account.get(&format!("/v1/checkout/sessions/{session}")).await["payment_intent"].clone();
        account.post("/v1/refunds", &format!("payment_intent={}&amount=1", intent.as_str().unwrap())).await.expect(200);
        finds(&shop, "flagged", 1).await;
        let flagged = shop.staff().client.get("/admin/payments?flagged=true").await.expect(200);
        assert_eq!((&flagged["items"][0]["id"], &flagged["items"][0]["flag"]), (&json!(id), &json!("provider_differs")));
        books::are_in_order(&shop).await;
    }

    async fn what_another_provider_has_begun_waits_for_it(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, crate::shop::LOST).await.expect(200);
        let identity = ada.identity.clone();
        shop.stop().await;
        fixture.advance(Duration::from_secs(31));
        let shop = shop_with(fixture, &[]).await;
        let looked = async || (shop.count("SELECT number FROM payment_attempts WHERE looks > 0").await == 1).then_some(());
        eventually("it is looked at", looked).await;
        let ada = shop.person(identity);
        let refused = ada.client.post(&format!("/payments/{}/checkout", shop.find(1).await.id), &json!({})).await;
        refused.expect_error(409, "the payment is being made");
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        shop.stop().await;
        fixture.advance(Duration::from_mins(1));
        let shop = Shop::start(fixture).await;
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        books::are_settled(&shop).await;
    }
}
