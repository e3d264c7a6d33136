//! What Stripe says by webhooks, signed by its own library or sent by its server; and what others say in its name.

use futures::future::join_all;
use http::Method;
use kit_runtime::Clock;
use kit_testing::{Reply, eventually, on_both_databases};
use payments_api::PaymentStatus;
use serde_json::{Value, json};

use super::server::Account;
use super::{OLD_SECRET, SECRET, SILENT, VISA, object, settings, shop_with};
use crate::books;
use crate::shop::{Payer as _, Shop, becomes, is_refunded};

const EVENTS: &str = "SELECT event_id FROM webhook_events";
const APPLIED: &str = "SELECT event_id FROM webhook_events WHERE applied = 1";

/// An event of an object.
fn event(id: &str, kind: &str, object: &Value) -> String {
    json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } }).to_string()
}

async fn post(shop: &Shop, header: &str, body: &str) -> Reply {
    let (client, json) = (
        shop.stranger().with("stripe-signature", header),
        Some("application/json"),
    );
    let body = body.to_owned().into();
    client
        .send_raw(Method::POST, "/webhooks/stripe", json, body)
        .await
}

/// Sends an event as Stripe does now.
async fn send(shop: &Shop, body: &str) -> Reply {
    let now = shop.process.clock().now().as_seconds();
    let header = Account::of(shop).sign(body, SECRET, now).await;
    post(shop, &header, body).await
}

async fn all_are_applied(shop: &Shop, count: usize) {
    let looks = async || (shop.count(APPLIED).await == count).then_some(());
    eventually("the webhooks are applied", looks).await;
    assert_eq!(shop.count(EVENTS).await, count);
}

/// A payment that Stripe has charged, and of which we do not know it; and its `PaymentIntent`.
async fn charged(shop: &Shop, number: u128) -> Value {
    let ada = shop.sign_up(&format!("ada{number}"));
    shop.owe(&ada, number, 1_250).await;
    ada.pay_order(number, SILENT).await.expect(200);
    let intent = format!("/v1/payment_intents/{}", object(shop).await);
    Account::of(shop).get(&intent).await
}

/// Answers that do not come are not waited for long.
const SHORT: (&str, &str) = ("payments.provider_timeout", "1s");

on_both_databases! {
    async fn an_event_that_comes_often_settles_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[SHORT]).await;
        let mut intent = charged(&shop, 1).await;
        let succeeded = event("evt_1", "payment_intent.succeeded", &intent);
        for reply in join_all((0..10).map(|_| send(&shop, &succeeded))).await {
            assert_eq!(reply.expect(200), json!({ "received": true }));
        }
        // Nobody looks it up before half a minute is over, and no time passes.
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        all_are_applied(&shop, 1).await;
        // What was said before it and comes after it changes nothing.
        intent["status"] = json!("requires_payment_method");
        intent["last_payment_error"] = json!({ "message": "no" });
        send(&shop, &event("evt_0", "payment_intent.payment_failed", &intent)).await.expect(200);
        for (id, kind, object) in [
            ("evt_2", "payment_intent.succeeded", json!({ "id": "pi_other", "status": "succeeded", "currency": "usd", "metadata": {} })),
            ("evt_3", "payment_intent.succeeded", json!({ "id": "pi_other", "status": "succeeded", "currency": "usd", "metadata": { "stoa_charge": "pay_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8-1" } })),
            ("evt_4", "customer.created", json!({ "id": "cus_1" })),
        ] {
            send(&shop, &event(id, kind, &object)).await.expect(200);
        }
        all_are_applied(&shop, 5).await;
        assert_eq!(shop.find(1).await.status, PaymentStatus::Succeeded);
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_in_order(&shop).await;
    }

    async fn only_what_stripe_has_signed_lately_is_believed(fixture: &Fixture) {
        let shop = shop_with(fixture, &[SHORT]).await;
        let intent = charged(&shop, 1).await;
        let (account, now) = (Account::of(&shop), shop.process.clock().now().as_seconds());
        let body = event("evt_1", "payment_intent.succeeded", &intent);
        let good = account.sign(&body, SECRET, now).await;
        let (time, signature) = good.split_once(',').expect("a time and a signature");
        for (header, body) in [
            (account.sign(&body, "whsec_of_somebody", now).await, body.clone()),
            (account.sign(&body, SECRET, now - 301).await, body.clone()),
            (account.sign(&body, SECRET, now + 301).await, body.clone()),
            (good.clone(), body.replace("1250", "1251")),
            (format!("t={},{signature}", now - 1), body.clone()),
            (signature.to_owned(), body.clone()),
            (time.to_owned(), body.clone()),
            ("t=,v1=".to_owned(), body.clone()),
        ] {
            post(&shop, &header, &body).await.expect_error(401, "the signature is not valid");
        }
        shop.stranger().post("/webhooks/stripe", &json!({})).await.expect_error(401, "the signature is not valid");
        shop.stranger().post("/webhooks/sandbox", &json!({})).await.expect_error(404, "Provider not found");
        for unreadable in ["{", "{}", r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{}}}"#] {
            assert_eq!(send(&shop, unreadable).await.expect(400)["code"], "invalid_webhook");
        }
        assert_eq!(shop.count(EVENTS).await, 0);
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        // Any listed secret is good, and any signature of the header.
        let old = account.sign(&body, OLD_SECRET, now).await;
        let (_, old) = old.split_once(',').expect("a time and a signature");
        post(&shop, &format!("{time},v1=00,v0=11,{old}"), &body).await.expect(200);
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        books::are_in_order(&shop).await;
    }

    async fn an_event_of_another_sum_or_currency_is_flagged(fixture: &Fixture) {
        let shop = shop_with(fixture, &[SHORT]).await;
        for (number, member, value) in [(1, "amount_received", json!(1_251)), (2, "currency", json!("eur"))] {
            let mut intent = charged(&shop, number).await;
            intent[member] = value;
            send(&shop, &event(&format!("evt_{number}"), "payment_intent.succeeded", &intent)).await.expect(200);
        }
        all_are_applied(&shop, 2).await;
        assert_eq!(shop.count("SELECT id FROM payments WHERE flag = 'amount_differs' AND captured_minor = 0").await, 2);
        let flagged = shop.staff().client.get("/admin/payments?flagged=true").await.expect(200);
        assert_eq!(flagged["items"].as_array().map(Vec::len), Some(2));
        books::are_in_order(&shop).await;
    }

    async fn a_charge_that_is_told_after_the_end_of_its_order_is_paid_back_once(fixture: &Fixture) {
        let shop = shop_with(fixture, &[SHORT]).await;
        let intent = charged(&shop, 1).await;
        shop.cancel(1).await;
        for id in ["evt_1", "evt_2"] {
            send(&shop, &event(id, "payment_intent.succeeded", &intent)).await.expect(200);
        }
        becomes(&shop, 1, PaymentStatus::Cancelled).await;
        is_refunded(&shop, 1, 1_250).await;
        all_are_applied(&shop, 2).await;
        let path = format!("/v1/refunds?payment_intent={}&limit=100", intent["id"].as_str().unwrap_or_default());
        let refunds = Account::of(&shop).get(&path).await;
        assert_eq!(refunds["data"].as_array().map(Vec::len), Some(1));
        books::are_in_order(&shop).await;
    }

    /// Its server sends them, by the real time.
    async fn webhooks_that_stripe_sends_settle_pages_and_cards(fixture: &Fixture) {
        let shop = Shop::start_at(fixture, &settings(&[SHORT]), Clock::system()).await;
        let account = Account::of(&shop);
        let endpoint = json!({ "url": format!("http://{}/webhooks/stripe", shop.address), "secret": SECRET });
        account.configure(if fixture.is_postgres() { "postgres" } else { "sqlite" }, &endpoint).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.client.post(&format!("/payments/{id}/checkout"), &json!({})).await.expect(200);
        account.pay_page(&object(&shop).await, VISA).await.expect(200);
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        charged(&shop, 2).await;
        becomes(&shop, 2, PaymentStatus::Succeeded).await;
        books::are_in_order(&shop).await;
    }
}
