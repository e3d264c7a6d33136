//! Paying on a page of the provider.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use kit_testing::{Client, Person, Reply, on_both_databases};
use orders_api::PaymentId;
use payments_api::PaymentStatus;
use serde_json::{Value, json};

use crate::books;
use crate::shop::{ACTION, DECLINED, GOOD, Payer as _, Shop, becomes};

const RETURN: &str = "http://127.0.0.1:8080/orders/1";

/// Opens a checkout; the path of its page.
async fn open(payer: &Person, id: PaymentId) -> String {
    let opened = send_open(payer, id, json!({ "return_url": RETURN }))
        .await
        .expect(200);
    path_of(&opened["checkout_url"])
}

async fn send_open(payer: &Person, id: PaymentId, body: Value) -> Reply {
    payer
        .client
        .post(&format!("/payments/{id}/checkout"), &body)
        .await
}

fn path_of(url: &Value) -> String {
    let url = url.as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8080/api").unwrap();
    assert_eq!(path.len(), "/checkout/".len() + 43, "256 bits");
    path.to_owned()
}

async fn decide(browser: &Client, page: &str, action: &str) -> Reply {
    browser.post(page, &json!({ "action": action })).await
}

async fn submit(browser: &Client, page: &str, action: &str) -> Reply {
    let (form, body) = (
        Some("application/x-www-form-urlencoded"),
        format!("action={action}"),
    );
    browser
        .send_raw(Method::POST, page, form, Bytes::from(body))
        .await
}

on_both_databases! {
    async fn a_payer_pays_on_the_page(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        let id = shop.owe(&ada, 1, 1_250).await;
        let page = open(&ada, id).await;
        let waits = ada.payment(id).await;
        assert_eq!((&waits["status"], path_of(&waits["next_action"]["url"])), (&json!("processing"), page.clone()));
        let shown = browser.get(&page).await;
        assert_eq!(shown.expect(200), json!({
            "status": "open", "amount": { "amount_minor": 1_250, "currency": "USD" }, "description": "Order 1",
            "return_url": RETURN, "expires_at": "2030-01-01T00:30:00.000000Z",
        }));
        assert_eq!((shown.header("cache-control"), shown.header("referrer-policy")), ("no-store", "no-referrer"));
        for _ in 0..2 {
            let paid = decide(&browser, &page, "approve").await.expect(200);
            assert_eq!(paid, json!({ "status": "succeeded", "return_url": RETURN }));
        }
        assert_eq!(ada.payment(id).await["status"], "succeeded");
        let refused = decide(&browser, &page, "decline").await;
        refused.expect_error(409, "the checkout cannot do this, it is succeeded");
        send_open(&ada, id, json!({})).await.expect_error(409, "the payment cannot be paid, it is succeeded");
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn a_browser_sees_a_page_and_is_sent_on(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let browser = shop.stranger().with("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let mut draft = shop.draft(&ada, 1, crate::shop::dollars(1_250));
        draft.description = "Mugs & <b>more</b>".to_owned();
        let id = shop.payments.create_payment(&crate::shop::call(), draft).await.unwrap().id;
        let page = open(&ada, id).await;
        let shown = browser.get(&page).await;
        let html = String::from_utf8(shown.body.to_vec()).unwrap();
        assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(html.contains("12.50 USD") && html.contains("Mugs &amp; &lt;b&gt;more&lt;/b&gt;"), "{html}");
        let policy = shown.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self' http://127.0.0.1:8080;"));
        // What is to be confirmed is shown again; then the payer goes back.
        let confirm = submit(&browser, &page, "require_action").await;
        let token = page.strip_prefix("/checkout/").unwrap();
        assert_eq!((confirm.status.as_u16(), confirm.header("location")), (303, token));
        assert_eq!(ada.payment(id).await["status"], "processing");
        let done = submit(&browser, &page, "complete_action").await;
        assert_eq!((done.status.as_u16(), done.header("location")), (303, RETURN));
        assert_eq!(ada.payment(id).await["status"], "succeeded");
        assert!(String::from_utf8(browser.get(&page).await.body.to_vec()).unwrap().contains("It is paid"));
        // Without an address to go to, the page is shown again.
        let other = shop.owe(&ada, 2, 80).await;
        let page = path_of(&send_open(&ada, other, json!({})).await.expect(200)["checkout_url"]);
        let declined = submit(&browser, &page, "decline").await;
        assert_eq!(declined.header("location"), page.strip_prefix("/checkout/").unwrap());
        assert_eq!(ada.payment(other).await["status"], "open");
        submit(&browser, &page, "steal").await.expect(400);
        browser.send_raw(Method::POST, &page, Some("text/plain"), Bytes::from("action=approve")).await.expect(415);
    }

    async fn opening_a_new_one_closes_the_old(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[("payments.most_declines", "1")]).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        let id = shop.owe(&ada, 1, 1_250).await;
        let old = open(&ada, id).await;
        let new = open(&ada, id).await;
        assert_ne!(old, new);
        assert_eq!(browser.get(&old).await.expect(200)["status"], "closed");
        assert_eq!(decide(&browser, &old, "approve").await.expect(409)["code"], "checkout_closed");
        decide(&browser, &new, "approve").await.expect(200);
        let paid = ada.payment(id).await;
        assert_eq!((&paid["status"], &paid["attempts"][0]["reason"]), (&json!("succeeded"), &json!("it was given up")));
        // One that waits for a card's confirmation is closed as well.
        let other = shop.owe(&ada, 2, 80).await;
        let waits = ada.pay_order(2, ACTION).await.expect(200);
        let confirm = path_of(&waits["payments"][0]["next_action"]["url"]);
        assert_eq!(browser.get(&confirm).await.expect(200)["status"], "action_required");
        open(&ada, other).await;
        assert_eq!(browser.get(&confirm).await.expect(200)["status"], "closed");
        books::are_in_order(&shop).await;
    }

    async fn a_card_is_confirmed_on_the_page(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        let id = shop.owe(&ada, 1, 1_250).await;
        let waits = ada.pay_order(1, ACTION).await.expect(200);
        let page = path_of(&waits["payments"][0]["next_action"]["url"]);
        decide(&browser, &page, "approve").await.expect(409);
        let left = decide(&browser, &page, "abandon").await.expect(200);
        assert_eq!(left, json!({ "status": "closed", "return_url": null }));
        assert_eq!(ada.payment(id).await["status"], "open");
        let waits = ada.pay_order(1, ACTION).await.expect(200);
        let page = path_of(&waits["payments"][0]["next_action"]["url"]);
        decide(&browser, &page, "complete_action").await.expect(200);
        assert_eq!(ada.payment(id).await["status"], "succeeded");
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn many_checkouts_and_cards_at_once_capture_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        let id = shop.owe(&ada, 1, 1_250).await;
        let first = open(&ada, id).await;
        let paying = (0..12).map(async |number| match number % 4 {
            0 => drop(ada.pay_order(1, GOOD).await),
            1 => drop(decide(&browser, &first, "approve").await),
            _ => {
                let opened = send_open(&ada, id, json!({})).await;
                assert!([200, 409].contains(&opened.status.as_u16()), "{}", opened.status);
                if opened.status == 200 {
                    decide(&browser, &path_of(&opened.json()["checkout_url"]), "approve").await;
                }
            }
        });
        join_all(paying).await;
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        let succeeded = shop.event_types().await.iter().filter(|kind| *kind == "payment.succeeded").count();
        assert_eq!(succeeded, 1);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn a_checkout_ends_with_its_order_and_its_time(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, browser) = (shop.sign_up("ada"), shop.stranger());
        let pages = [open(&ada, shop.owe(&ada, 1, 1).await).await, open(&ada, shop.owe(&ada, 2, 1).await).await];
        shop.cancel(1).await;
        becomes(&shop, 1, PaymentStatus::Cancelled).await;
        assert_eq!(browser.get(&pages[0]).await.expect(200)["status"], "closed");
        fixture.advance(Duration::from_mins(30));
        becomes(&shop, 2, PaymentStatus::Expired).await;
        for page in pages {
            assert_eq!(decide(&browser, &page, "approve").await.expect(409)["code"], "checkout_closed");
        }
        assert_eq!(shop.event_types().await[2..], ["payment.cancelled", "payment.expired"]);
        books::are_settled(&shop).await;
    }

    async fn the_same_request_opens_one_page(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let keyed = ada.keyed("key");
        let opened = join_all((0..20).map(|_| send_open(&keyed, id, json!({})))).await;
        for reply in &opened {
            reply.expect(200);
            assert_eq!(reply.body, opened[0].body);
        }
        assert_eq!(shop.count("SELECT key FROM sandbox_charges").await, 1);
        assert_eq!(send_open(&keyed, id, json!({ "return_url": RETURN })).await.expect(422)["code"], "idempotency_key_reused");
    }

    async fn what_cannot_be_opened_is_refused(fixture: &Fixture) {
        let listed = "https://shop.example.com";
        let shop = Shop::start_with(fixture, &[("payments.return_origins", listed), ("payments.most_declines", "1")]).await;
        let (ada, eve, browser) = (shop.sign_up("ada"), shop.sign_up("eve"), shop.stranger());
        let id = shop.owe(&ada, 1, 1_250).await;
        for url in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http://127.0.0.1:8080.evil.example/"] {
            let refused = send_open(&ada, id, json!({ "return_url": url })).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], "/return_url", "{url}");
        }
        send_open(&eve, id, json!({})).await.expect_error(404, "Payment not found");
        assert_eq!(shop.find(1).await.attempts, []);
        send_open(&ada, id, json!({ "return_url": "https://shop.example.com/done" })).await.expect(200);
        for token in ["x", "kq3Yb1nU0x7T5m2c9R4w8Zs6d1fGhJ0aLpVtNyEoBiQ"] {
            browser.get(&format!("/checkout/{token}")).await.expect_error(404, "Checkout not found");
            decide(&browser, &format!("/checkout/{token}"), "approve").await.expect(404);
        }
        // It fails for good by a decline, and not by pages that were closed.
        let failing = shop.owe(&ada, 2, 80).await;
        ada.pay_order(2, DECLINED).await.expect(402);
        send_open(&ada, failing, json!({})).await.expect_error(409, "the payment cannot be paid, it is failed");
    }
}
