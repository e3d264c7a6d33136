//! What payments say at the address of an invoice, and what others say there.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};

use futures::future::join_all;
use http::{HeaderMap, Method, StatusCode};
use kit_config::BaseUrl;
use kit_runtime::{Secret, Timestamp};
use kit_testing::{Client, Fixture, Reply, eventually, on_both_databases};
use kit_webhooks::WebhookKey;
use serde_json::{Value, json};

use crate::app::{Shop, User, deaf_builder};
use crate::books;

kit_config::config! {
    /// Where people reach the platform.
    pub struct GatewaySection("gateway") {
        /// The address.
        public_url: Option<BaseUrl>,
    }
}

/// The key that payments sign with.
fn key(fixture: &Fixture) -> WebhookKey {
    let file = std::fs::read_to_string(fixture.data().join("keys/payments.callback.secret")).unwrap();
    WebhookKey::parse(&Secret::new(file.trim().to_owned())).unwrap()
}

/// Where payments were told to say that an invoice is paid, as the service itself serves it.
async fn path_of(shop: &Shop, invoice_id: &str) -> String {
    let rows = shop.payments.rows("SELECT url FROM payment_callbacks").await;
    let urls = rows.iter().map(|row| row.get::<String>("url").unwrap());
    let url = urls.into_iter().find(|url| url.contains(invoice_id)).unwrap();
    url.split_once("/api").unwrap().1.to_owned()
}

fn body(invoice_id: &str, amount_minor: i64) -> Value {
    json!({
        "type": "payment.succeeded", "timestamp": "2030-01-01T00:00:01.000000Z",
        "data": {
            "payment_id": "pay_0199f3a3-77a1-7d20-9b1f-04c2e8d65a31", "invoice_id": invoice_id,
            "amount": { "amount_minor": amount_minor, "currency": "USD" },
        },
    })
}

/// Sends a body with a signature of it.
async fn send(client: &Client, path: &str, (key, at): (&WebhookKey, Timestamp), body: &Value) -> Reply {
    let body = body.to_string();
    let headers = key.sign("evt_1", at, &body).unwrap();
    send_with(client, path, &headers, body.into()).await
}

async fn send_with(client: &Client, path: &str, headers: &HeaderMap, body: Bytes) -> Reply {
    let mut client = client.clone();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        if let Some(value) = headers.get(name) {
            client = client.with(name, value.to_str().unwrap());
        }
    }
    client
        .send_raw(Method::POST, path, Some("application/json"), body)
        .await
}

struct Bought {
    shop: Shop,
    ada: User,
    id: String,
    invoice_id: String,
    path: String,
}

/// Somebody has bought something, and nothing is heard of payments' events.
async fn bought(fixture: &Fixture) -> Bought {
    let shop = Shop::open(fixture).await.deaf(fixture).await;
    let ada = shop.user("ada");
    let bought = shop.purchase(&ada).await;
    let invoice_id = bought.invoice_id.to_string();
    Bought {
        path: path_of(&shop, &invoice_id).await,
        id: bought.subscription_id.to_string(),
        shop,
        ada,
        invoice_id,
    }
}

/// What stands between payments and subscriptions: hands on what comes under `/api`.
async fn hand_on(State(target): State<Arc<OnceLock<Client>>>, request: Request) -> StatusCode {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 65_536).await.unwrap();
    let path = head
        .uri
        .path_and_query()
        .unwrap()
        .as_str()
        .strip_prefix("/api")
        .unwrap()
        .to_owned();
    let Some(client) = target.get() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    send_with(client, &path, &head.headers, body).await.status
}

on_both_databases! {
    async fn payments_say_by_themselves_what_is_paid(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (payments, broker) = (shop.payments, shop.broker);
        shop.subscriptions.stop().await;
        let target = Arc::new(OnceLock::new());
        let gateway = Router::new().fallback(hand_on).with_state(target.clone());
        let address = payments.process.serve(gateway).await;
        let app = deaf_builder(fixture, payments.contract(), &broker)
            .out_of_reach(payments_api::TOPICS)
            .section::<GatewaySection>()
            .set("gateway.public_url", &format!("http://{address}"));
        let shop = Shop { subscriptions: app.start().await, payments, broker };
        target.set(shop.subscriptions.stranger()).ok().unwrap();
        shop.subscribe(&shop.user("ada")).await;
        eventually("payments were answered", async || {
            (shop.payments.count("SELECT url FROM payment_callbacks").await == 0).then_some(())
        })
        .await;
        books::agree(&shop).await;
    }

    async fn a_callback_pays_once_however_often_it_comes(fixture: &Fixture) {
        let Bought { shop, ada, id, invoice_id, path } = bought(fixture).await;
        let (key, now) = (key(fixture), fixture.process().clock().now());
        ada.pay(&invoice_id).await.expect(200);
        let (client, said) = (shop.subscriptions.stranger(), body(&invoice_id, 499));
        let all = join_all((0..20).map(|_| send(&client, &path, (&key, now), &said))).await;
        for reply in all {
            assert_eq!(reply.expect(200), json!({ "received": true }));
        }
        ada.is_served(&id).await;
        send(&client, &path, (&key, now), &said).await.expect(200);
        // The event says it once more.
        let shop = shop.restart(fixture).await;
        let ada = shop.user_of(ada.identity());
        assert_eq!(ada.get(&id).await["current_period"]["end"], "2030-02-01T00:00:00.000000Z");
        assert_eq!(shop.subscriptions.count("SELECT type FROM outbox WHERE type = 'invoice.paid'").await, 1);
        assert_eq!(shop.broker.done("provision"), 1);
        books::agree(&shop).await;
    }

    async fn a_forged_one_is_refused(fixture: &Fixture) {
        let Bought { shop, ada, id, invoice_id, path } = bought(fixture).await;
        let (key, now) = (key(fixture), fixture.process().clock().now());
        let (client, said) = (shop.subscriptions.stranger(), body(&invoice_id, 499));
        let forger = WebhookKey::of(&[1; 32]);
        let other = shop.purchase(&shop.user("bob")).await;
        let (address, _) = path.split_once('=').unwrap();
        let others_path = path_of(&shop, &other.invoice_id.to_string()).await;
        let (_, others_token) = others_path.split_once('=').unwrap();
        let refused = [
            send(&client, &path, (&forger, now), &said).await,
            send(&client, &path, (&key, now.minus(std::time::Duration::from_secs(301))), &said).await,
            send_with(&client, &path, &HeaderMap::new(), said.to_string().into()).await,
            send(&client, &format!("{address}={}", "A".repeat(43)), (&key, now), &said).await,
            send(&client, &format!("{address}=short"), (&key, now), &said).await,
            send(&client, &format!("{address}={others_token}"), (&key, now), &said).await,
        ];
        for reply in refused {
            assert_eq!(reply.expect(401)["code"], "invalid_callback");
        }
        let headers = key.sign("evt_1", now, &said.to_string()).unwrap();
        let changed = body(&invoice_id, 498).to_string();
        send_with(&client, &path, &headers, changed.into()).await.expect(401);
        let (without_token, _) = path.split_once('?').unwrap();
        send(&client, without_token, (&key, now), &said).await.expect(400);
        assert_eq!(ada.get(&id).await["status"], "incomplete");
        assert_eq!(shop.subscriptions.count("SELECT id FROM invoices WHERE flag IS NOT NULL").await, 0);
        books::agree(&shop).await;
    }

    async fn one_that_cannot_be_read_changes_nothing(fixture: &Fixture) {
        let Bought { shop, ada, id, invoice_id, path } = bought(fixture).await;
        let (key, now) = (key(fixture), fixture.process().clock().now());
        let client = shop.subscriptions.stranger();
        let (mut other_type, mut other_invoice) = (body(&invoice_id, 499), body(&invoice_id, 499));
        other_type["type"] = "payment.failed".into();
        other_invoice["data"]["invoice_id"] = "inv_00000000-0000-0000-0000-000000000000".into();
        for said in [json!({}), json!([]), other_type, other_invoice] {
            send(&client, &path, (&key, now), &said).await.expect(400);
        }
        assert_eq!(ada.get(&id).await["status"], "incomplete");
    }

    async fn another_amount_is_flagged_and_pays_nothing(fixture: &Fixture) {
        let Bought { shop, ada, id, invoice_id, path } = bought(fixture).await;
        let (key, now) = (key(fixture), fixture.process().clock().now());
        let client = shop.subscriptions.stranger();
        let mut in_euros = body(&invoice_id, 499);
        in_euros["data"]["amount"]["currency"] = "EUR".into();
        for said in [body(&invoice_id, 498), body(&invoice_id, 500), in_euros] {
            let refused = send(&client, &path, (&key, now), &said).await.expect(409);
            assert_eq!(refused["code"], "amount_differs");
        }
        assert_eq!(ada.get(&id).await["status"], "incomplete");
        let flags = shop.subscriptions.rows("SELECT flag FROM invoices").await;
        assert_eq!(flags[0].get::<String>("flag").unwrap(), "amount_differs");
        // The right one still pays.
        ada.pay(&invoice_id).await.expect(200);
        send(&client, &path, (&key, now), &body(&invoice_id, 499)).await.expect(200);
        ada.is_served(&id).await;
        books::agree(&shop).await;
    }

    async fn what_is_paid_for_a_void_invoice_is_given_back_once(fixture: &Fixture) {
        let Bought { shop, ada, id, invoice_id, path } = bought(fixture).await;
        let (key, now) = (key(fixture), fixture.process().clock().now());
        // Paid, and given up before anybody heard of it.
        ada.pay(&invoice_id).await.expect(200);
        ada.cancel(&id, false).await.expect(200);
        let (client, said) = (shop.subscriptions.stranger(), body(&invoice_id, 499));
        for _ in 0..3 {
            send(&client, &path, (&key, now), &said).await.expect(200);
        }
        shop.is_paid_back(&invoice_id).await;
        let shop = shop.restart(fixture).await;
        let ada = shop.user_of(ada.identity());
        books::agree(&shop).await;
        assert_eq!(ada.get(&id).await["status"], "cancelled", "nothing revives it");
        assert_eq!(ada.invoice(&invoice_id).await["status"], "void");
        assert_eq!(shop.payments.count("SELECT id FROM payment_refunds").await, 1);
        assert_eq!(shop.broker.done("provision"), 0);
    }

    async fn what_is_paid_twice_is_charged_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let invoice_id = bought.invoice_id.to_string();
        let all = join_all((0..10).map(|_| ada.pay(&invoice_id))).await;
        assert!(all.iter().any(|reply| reply.status == 200));
        ada.is_served(&bought.subscription_id.to_string()).await;
        ada.pay(&invoice_id).await.expect(200);
        let payment = shop.payment(&invoice_id).await.unwrap();
        assert_eq!(payment.refunded.amount_minor, 0);
        assert_eq!(shop.subscriptions.count("SELECT type FROM outbox WHERE type = 'subscription.activated'").await, 1);
        books::agree(&shop).await;
    }
}
