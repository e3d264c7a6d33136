//! What the provider says by itself: twice, late, in another order, or not at all; and what others say in its name.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use http::Method;
use kit_runtime::Timestamp;
use kit_testing::{Client, Examples, Fixture, Reply, eventually, on_both_databases};
use payments_api::PaymentStatus;
use serde_json::json;

use crate::books;
use crate::shop::{DECLINED, GOOD, LOST, Payer as _, Shop, becomes, is_refunded};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const APPLIED: &str = "SELECT event_id FROM webhook_events WHERE applied = 1";

/// Somebody who sends webhooks.
pub(crate) struct Sender {
    client: Client,
    secret: &'static str,
    at: Timestamp,
}

impl Sender {
    pub(crate) fn new(shop: &Shop, at: Timestamp) -> Self {
        Self {
            client: shop.stranger(),
            secret: SECRET,
            at,
        }
    }

    fn signed(&self, id: &str, body: &str) -> Client {
        let key = STANDARD
            .decode(self.secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let seconds = self.at.as_seconds();
        let content = format!("{id}.{seconds}.{body}");
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content.as_bytes());
        self.client
            .with("webhook-id", id)
            .with("webhook-timestamp", &seconds.to_string())
            .with("webhook-signature", &format!("v1,{}", STANDARD.encode(signature)))
    }

    async fn send(&self, id: &str, body: &str) -> Reply {
        post(&self.signed(id, body), body).await
    }

    pub(crate) async fn check_example(&self, examples: &mut Examples) {
        let body = examples.body("receive_webhook").to_string();
        let client = self.signed("evt_1", &body);
        examples
            .check(&client, "receive_webhook", "/webhooks/sandbox")
            .await;
    }
}

async fn post(client: &Client, body: &str) -> Reply {
    let json = Some("application/json");
    client
        .send_raw(Method::POST, "/webhooks/sandbox", json, body.to_owned().into())
        .await
}

fn charged(key: &str, amount_minor: i64) -> String {
    let data =
        json!({ "key": key, "amount": { "amount_minor": amount_minor, "currency": "USD" }, "reason": null });
    json!({ "type": "charge.succeeded", "timestamp": "2030-01-01T00:00:00Z", "data": data }).to_string()
}

/// Its webhooks arrive, as these settings say.
async fn shop_with(fixture: &Fixture, settings: &[(&str, &str)]) -> Shop {
    let mut all = vec![
        ("payments.sandbox.drop", "0"),
        ("payments.sandbox.webhook_secrets", SECRET),
    ];
    all.retain(|(key, _)| settings.iter().all(|(other, _)| other != key));
    all.extend(settings);
    Shop::start_with(fixture, &all).await
}

async fn all_are_applied(shop: &Shop, count: usize) {
    let looks = async || (shop.count(APPLIED).await == count).then_some(());
    eventually("the webhooks are applied", looks).await;
    assert_eq!(shop.count("SELECT event_id FROM webhook_events").await, count);
}

on_both_databases! {
    async fn a_webhook_settles_what_the_answer_did_not(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, LOST).await.expect(200);
        // Nobody looks it up before half a minute is over, and no time passes.
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        all_are_applied(&shop, 1).await;
        assert_eq!(shop.count("SELECT id FROM sandbox_webhooks").await, 0);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn webhooks_that_come_twice_and_in_another_order_change_nothing(fixture: &Fixture) {
        let settings = [("payments.sandbox.duplicate", "100"), ("payments.sandbox.reorder", "true"), ("payments.sandbox.delay", "10s")];
        let shop = shop_with(fixture, &settings).await;
        let ada = shop.sign_up("ada");
        for number in 1..=6 {
            shop.owe(&ada, number, 1_000).await;
            ada.pay_order(number, DECLINED).await.expect(402);
        }
        join_all((1..=6).map(|number| ada.pay_order(number, if number > 4 { LOST } else { GOOD }))).await;
        for number in 1..=3 {
            shop.refund(number, (number, 400)).await.unwrap();
        }
        shop.cancel(1).await;
        is_refunded(&shop, 1, 1_000).await;
        assert_eq!(shop.count("SELECT event_id FROM webhook_events").await, 0);
        fixture.advance(Duration::from_secs(10));
        all_are_applied(&shop, 6 + 6 + 4).await;
        for number in 1..=6 {
            assert_eq!(shop.find(number).await.status, PaymentStatus::Succeeded, "{number}");
        }
        let types = shop.event_types().await;
        assert_eq!(types.iter().filter(|kind| *kind == "payment.succeeded").count(), 6);
        assert_eq!(types.iter().filter(|kind| *kind == "payment.refunded").count(), 4);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn a_webhook_that_is_lost_is_sent_again_or_looked_up(fixture: &Fixture) {
        let shop = shop_with(fixture, &[("payments.sandbox.drop", "100")]).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, LOST).await.expect(200);
        fixture.advance(Duration::from_secs(30));
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        assert_eq!(shop.count("SELECT id FROM sandbox_webhooks").await, 1, "it is kept");
        shop.stop().await;
        let shop = shop_with(fixture, &[]).await;
        fixture.advance(Duration::from_mins(1));
        all_are_applied(&shop, 1).await;
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_settled(&shop).await;
    }

    async fn what_is_forged_or_old_is_refused(fixture: &Fixture) {
        let shop = shop_with(fixture, &[("payments.sandbox.drop", "100")]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, LOST).await.expect(200);
        let (body, now) = (charged(&format!("{id}-1"), 1_250), shop.process.clock().now());
        let good = Sender::new(&shop, now);
        let forged = Sender { secret: OTHER, ..Sender::new(&shop, now) };
        let old = Sender::new(&shop, now.minus(Duration::from_secs(301)));
        let early = Sender::new(&shop, now.plus(Duration::from_secs(301)));
        let changed = good.signed("evt_1", &body);
        for reply in [
            post(&shop.stranger(), &body).await,
            forged.send("evt_1", &body).await,
            old.send("evt_1", &body).await,
            early.send("evt_1", &body).await,
            post(&changed, &body.replace("1250", "1251")).await,
            post(&changed.with("webhook-id", "evt_2"), &body).await,
        ] {
            reply.expect_error(401, "the signature is not valid");
        }
        assert_eq!(shop.count("SELECT event_id FROM webhook_events").await, 0);
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        // What is signed and cannot be read, or is of nothing we know, is no fault of ours.
        assert_eq!(good.send("evt_1", "{").await.expect(400)["code"], "invalid_webhook");
        let large = charged(&"x".repeat(70_000), 1);
        good.send("evt_1", &large).await.expect(413);
        let elsewhere = shop.stranger().post("/webhooks/stripe", &json!({})).await;
        elsewhere.expect_error(404, "Provider not found");
        for (number, key) in ["pay_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8-1", "nonsense", &format!("{id}-7")].iter().enumerate() {
            good.send(&format!("evt_unknown_{number}"), &charged(key, 1)).await.expect(200);
        }
        let unknown = json!({ "type": "charge.pondered", "timestamp": "2030-01-01T00:00:00Z", "data": { "key": "x",
            "amount": { "amount_minor": 1, "currency": "USD" }, "reason": null } });
        good.send("evt_type", &unknown.to_string()).await.expect(200);
        all_are_applied(&shop, 4).await;
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        books::are_in_order(&shop).await;
    }

    async fn an_event_counts_once_and_another_amount_is_never_paid(fixture: &Fixture) {
        let secrets = format!("{OTHER},{SECRET}");
        let settings = [("payments.sandbox.drop", "100"), ("payments.sandbox.webhook_secrets", secrets.as_str())];
        let shop = shop_with(fixture, &settings).await;
        let ada = shop.sign_up("ada");
        let (first, second) = (shop.owe(&ada, 1, 1_250).await, shop.owe(&ada, 2, 1_250).await);
        for number in [1, 2] {
            ada.pay_order(number, LOST).await.expect(200);
        }
        // Any listed secret is good.
        let good = Sender::new(&shop, shop.process.clock().now());
        let sent = join_all((0..20).map(async |_| good.send("evt_1", &charged(&format!("{first}-1"), 1_250)).await));
        for reply in sent.await {
            assert_eq!(reply.expect(200), json!({ "received": true }));
        }
        good.send("evt_1", &charged(&format!("{second}-1"), 1_250)).await.expect(200);
        good.send("evt_2", &charged(&format!("{second}-1"), 1_249)).await.expect(200);
        all_are_applied(&shop, 2).await;
        assert_eq!(shop.find(1).await.status, PaymentStatus::Succeeded);
        let flagged = shop.find(2).await;
        assert_eq!((flagged.status, flagged.refunded.amount_minor), (PaymentStatus::Processing, 0));
        // Nor afterwards, by whatever it says.
        good.send("evt_3", &charged(&format!("{second}-1"), 1_250)).await.expect(200);
        all_are_applied(&shop, 3).await;
        assert_eq!(shop.find(2).await.status, PaymentStatus::Processing);
        fixture.advance(Duration::from_mins(30));
        becomes(&shop, 2, PaymentStatus::Expired).await;
        books::are_in_order(&shop).await;
    }

    async fn what_was_applied_long_ago_is_forgotten(fixture: &Fixture) {
        let shop = shop_with(fixture, &[]).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, GOOD).await.expect(200);
        all_are_applied(&shop, 1).await;
        for (hours, kept) in [(24 * 30, 1), (1, 0)] {
            fixture.advance(Duration::from_hours(hours));
            if !fixture.is_postgres() {
                break;
            }
            let other = shop_with(fixture, &[]).await;
            let looks = async || (other.count(APPLIED).await == kept).then_some(());
            eventually("what is old is gone", looks).await;
        }
    }
}

/// Over real HTTP, from one process to another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_sent_to_an_address() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let receiver = shop_with(fixture, &[("payments.janitor_period", "1h")]).await;
        let url = format!("http://{}/webhooks/sandbox", receiver.address);
        let shop = shop_with(fixture, &[("payments.sandbox.webhook_url", &url)]).await;
        let ada = shop.sign_up("ada");
        for number in 1..=3 {
            shop.owe(&ada, number, 1_250).await;
            ada.pay_order(number, LOST).await.expect(200);
            becomes(&shop, number, PaymentStatus::Succeeded).await;
        }
        all_are_applied(&shop, 3).await;
        books::are_settled(&shop).await;
    })
    .await;
}
