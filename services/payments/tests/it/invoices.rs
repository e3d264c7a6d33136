//! Invoices of subscriptions are paid as orders are, and whoever issued one is told.
#![expect(
    clippy::expect_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use futures::future::join_all;
use http::{HeaderMap, StatusCode, Uri};
use kit_runtime::Secret;
use kit_testing::{Person, Reply, eventually, on_both_databases};
use kit_webhooks::{WebhookKey, verify};
use orders_api::PaymentId;
use payments_api::{
    CallbackUrl, CancelPayment, CreatePayment, FindPayment, OpenPaymentCheckout, PaymentStatus, PaymentView,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::books;
use crate::shop::{DECLINED, GOOD, Payer as _, Shop, call, dollars, invoice};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr";

/// What somebody was told: where, with which headers, and what.
type ReceivedCallback = (Uri, HeaderMap, Bytes);

/// Whoever is told that an invoice is paid.
#[derive(Clone, Default)]
struct Receiver {
    callbacks: Arc<Mutex<Vec<ReceivedCallback>>>,
    /// How often it is out of order before it takes what it is told.
    failures: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    /// Listens; its address.
    async fn start(&self, shop: &Shop) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let router = Router::new().fallback_service(post(take).with_state(self.clone()));
        shop.process.lifecycle.tasks().spawn("receiver", async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        format!("http://{address}")
    }

    fn received(&self) -> Vec<ReceivedCallback> {
        self.callbacks.lock().expect("nobody panics").clone()
    }

    async fn wait_for(&self, times: usize) -> Vec<ReceivedCallback> {
        eventually("it is told", async || {
            Some(self.received()).filter(|received| received.len() == times)
        })
        .await
    }
}

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver
        .callbacks
        .lock()
        .expect("nobody panics")
        .push((uri, headers, body));
    let failure = receiver.failures.lock().expect("nobody panics").pop();
    failure.unwrap_or(StatusCode::NO_CONTENT)
}

/// The payment of an invoice of somebody.
fn bill(shop: &Shop, person: &Person, number: u128, callback: Option<String>) -> CreatePayment {
    CreatePayment {
        payable: invoice(number).into(),
        description: format!("Invoice {number}"),
        callback_url: callback.map(CallbackUrl),
        ..shop.draft(person, number, dollars(499))
    }
}

async fn owe(shop: &Shop, draft: CreatePayment) -> PaymentId {
    shop.payments
        .create_payment(&call(), draft)
        .await
        .expect("it is opened")
        .id
}

async fn find(shop: &Shop, number: u128) -> PaymentView {
    let request = FindPayment {
        payable: invoice(number).into(),
    };
    let found = shop.payments.find_payment(&call(), request).await;
    found.expect("it answers").expect("it is there")
}

async fn pay(person: &Person, number: u128, card: &str) -> Reply {
    person
        .send_pay_for(json!({ "invoice_id": invoice(number), "method": card }))
        .await
}

async fn cancel(shop: &Shop, number: u128) {
    let request = CancelPayment {
        payable: invoice(number).into(),
    };
    shop.payments
        .cancel_payment(&call(), request)
        .await
        .expect("it is cancelled");
}

async fn becomes(shop: &Shop, number: u128, status: PaymentStatus) -> PaymentView {
    let looks = async || Some(find(shop, number).await).filter(|view| view.status == status);
    eventually("the payment has this status", looks).await
}

on_both_databases! {
    async fn whoever_issued_an_invoice_is_told_once_that_it_is_paid(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[("payments.callback_secret", SECRET)]).await;
        let receiver = Receiver::default();
        let address = receiver.start(&shop).await;
        let (ada, eve) = (shop.sign_up("ada"), shop.sign_up("eve"));
        let id = owe(&shop, bill(&shop, &ada, 1, Some(format!("{address}/invoices/1/callback?token=abc")))).await;
        pay(&eve, 1, GOOD).await.expect_error(404, "Payment not found");
        pay(&ada, 1, DECLINED).await.expect(402);
        let paid = pay(&ada, 1, GOOD).await.expect(200);
        let view = &paid["payments"][0];
        assert_eq!((&view["invoice_id"], view.get("order_id")), (&json!(invoice(1)), None));
        let received = receiver.wait_for(1).await;
        let (uri, headers, body) = &received[0];
        assert_eq!(uri, "/invoices/1/callback?token=abc");
        let key = WebhookKey::parse(&Secret::new(SECRET.to_owned())).expect("a key");
        assert!(verify(&[key], headers, body, shop.process.clock().now()).is_some());
        let said: Value = serde_json::from_slice(body).expect("JSON");
        let data = json!({ "payment_id": id, "invoice_id": invoice(1), "amount": { "amount_minor": 499, "currency": "USD" } });
        assert_eq!((&said["type"], &said["data"]), (&json!("payment.succeeded"), &data));
        let over = async || (shop.count("SELECT payment_id FROM payment_callbacks").await == 0).then_some(());
        eventually("nothing is left to be said", over).await;
        let events = shop.events().await;
        assert_eq!((&events[1].0[..], &events[1].1["invoice_id"]), ("payment.succeeded", &json!(invoice(1))));
        pay(&ada, 1, GOOD).await.expect(200);
        assert_eq!(receiver.received().len(), 1);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn it_is_said_until_it_is_taken_or_refused(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let receiver = Receiver::default();
        let failures = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY];
        *receiver.failures.lock().expect("nobody panics") = failures.to_vec();
        let address = receiver.start(&shop).await;
        let ada = shop.sign_up("ada");
        owe(&shop, bill(&shop, &ada, 1, Some(address))).await;
        pay(&ada, 1, GOOD).await.expect(200);
        for count in 1..=3 {
            receiver.wait_for(count).await;
            fixture.advance(Duration::from_mins(1));
        }
        let over = async || (shop.count("SELECT payment_id FROM payment_callbacks").await == 0).then_some(());
        eventually("who refuses it is left alone", over).await;
        let ids: Vec<_> = receiver.received().iter().map(|(_, headers, _)| headers["webhook-id"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]) && ids.len() == 3, "{ids:?}");
    }

    async fn an_invoice_has_one_payment_and_its_own_words(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let draft = bill(&shop, &ada, 1, None);
        let first = owe(&shop, draft.clone()).await;
        assert_eq!(owe(&shop, draft.clone()).await, first);
        let other = CreatePayment { amount: dollars(500), ..draft };
        let refused = shop.payments.create_payment(&call(), other).await.expect_err("another amount");
        assert!(refused.to_string().contains("there is another payment"), "{refused}");
        for (draft, pointer) in [
            (bill(&shop, &ada, 2, Some("/invoices/2".to_owned())), "/callback_url"),
            (bill(&shop, &ada, 2, Some("ftp://example.com/".to_owned())), "/callback_url"),
            (CreatePayment { callback_url: Some(CallbackUrl("http://127.0.0.1/".to_owned())), ..shop.draft(&ada, 2, dollars(1)) }, "/callback_url"),
        ] {
            let kit_rpc::CallError::Invalid(errors) = shop.payments.create_payment(&call(), draft).await.expect_err("it is refused") else {
                panic!("another error");
            };
            assert_eq!(errors[0].pointer, pointer);
        }
    }

    async fn whoever_pays_by_card_leaves_the_open_page(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        owe(&shop, bill(&shop, &ada, 1, None)).await;
        let open = async || {
            let request = OpenPaymentCheckout { payable: invoice(1).into(), return_url: None };
            let opened = shop.payments.open_checkout(&call(), request).await.expect("it is opened");
            opened.checkout_url.split_once("/api").expect("at the gateway").1.to_owned()
        };
        let (old, page) = (open().await, open().await);
        assert_eq!(browser.get(&old).await.expect(200)["status"], "closed");
        assert_eq!(browser.get(&page).await.expect(200)["status"], "open");
        let paid = join_all((0..10).map(|_| pay(&ada, 1, GOOD))).await;
        for reply in &paid {
            assert_eq!(reply.expect(200)["amount_paid"]["amount_minor"], 499);
        }
        assert_eq!(browser.get(&page).await.expect(200)["status"], "closed");
        assert_eq!(find(&shop, 1).await.status, PaymentStatus::Succeeded);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn whoever_pays_all_that_is_owed_pays_what_waits_on_a_page(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, eve) = (shop.sign_up("ada"), shop.sign_up("eve"));
        for (person, number) in [(&ada, 1), (&eve, 2)] {
            owe(&shop, bill(&shop, person, number, None)).await;
            let request = OpenPaymentCheckout { payable: invoice(number).into(), return_url: None };
            shop.payments.open_checkout(&call(), request).await.expect("it is opened");
        }
        shop.owe(&ada, 3, 1_000).await;
        let paid = ada.send_pay_for(json!({ "method": GOOD })).await.expect(200);
        assert_eq!((paid["payments"].as_array().map(Vec::len), &paid["amount_paid"]["amount_minor"]), (Some(2), &json!(1_499)));
        let nothing = ada.send_pay_for(json!({ "method": GOOD })).await.expect(200);
        assert_eq!(nothing["payments"], json!([]));
        assert_eq!(find(&shop, 2).await.status, PaymentStatus::Processing);
        books::are_in_order(&shop).await;
    }

    async fn what_is_given_up_is_not_taken_and_paid_back_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        cancel(&shop, 1).await;
        owe(&shop, bill(&shop, &ada, 1, None)).await;
        assert_eq!(find(&shop, 1).await.status, PaymentStatus::Cancelled);
        owe(&shop, bill(&shop, &ada, 2, None)).await;
        cancel(&shop, 2).await;
        becomes(&shop, 2, PaymentStatus::Cancelled).await;
        pay(&ada, 2, GOOD).await.expect_error(409, "the payment cannot be paid, it is cancelled");
        owe(&shop, bill(&shop, &ada, 3, None)).await;
        pay(&ada, 3, GOOD).await.expect(200);
        for _ in 0..3 {
            cancel(&shop, 3).await;
        }
        let refunded = async || (find(&shop, 3).await.refunded == dollars(499)).then_some(());
        eventually("it is paid back", refunded).await;
        let refunds = shop.event_types().await.iter().filter(|kind| *kind == "payment.refunded").count();
        assert_eq!(refunds, 1);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
