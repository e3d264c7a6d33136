//! Orders are paid.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::books;
use crate::shop::{ACTION, DECLINED, GOOD, LOST, MORE, Payer as _, Shop, call, invoice, money, order};

const CHARGES: &str = "SELECT key FROM sandbox_charges";

on_both_databases! {
    async fn an_order_is_paid_with_a_card_once(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, clerk) = (shop.sign_up("ada"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        let open = ada.payment(id).await;
        assert_eq!((&open["status"], &open["attempts"], &open["order_id"]), (&json!("open"), &json!([]), &json!(order(1))));
        let paid = ada.pay_order(1, GOOD).await.expect(200);
        assert_eq!(paid["amount_paid"], json!({ "amount_minor": 1_250, "currency": "USD" }));
        assert_eq!(paid["payments"], json!([ada.payment(id).await]));
        assert_eq!(paid["payments"][0]["status"], "succeeded");
        assert_eq!(paid["payments"][0]["attempts"], json!([{
            "number": 1, "provider": "sandbox", "status": "succeeded", "reason": null,
            "at": "2030-01-01T00:00:00.000000Z",
        }]));
        // Named and paid already: unchanged.
        assert_eq!(ada.pay_order(1, GOOD).await.expect(200), paid);
        assert_eq!(ada.send_pay_for(json!({ "payment_id": id })).await.expect(200), paid);
        let nothing = json!({ "payments": [], "amount_paid": { "amount_minor": 0, "currency": "USD" } });
        assert_eq!(ada.send_pay_for(json!({})).await.expect(200), nothing);
        let listed = ada.client.get("/payments").await.expect(200);
        assert_eq!(listed, json!({ "items": paid["payments"], "next_cursor": null }));
        assert_eq!(clerk.payment(id).await, paid["payments"][0]);
        assert_eq!(shop.count(CHARGES).await, 1);
        let posted = clerk.client.get("/admin/ledger").await.expect(200);
        assert_eq!((&posted["items"][0]["kind"], &posted["items"][0]["reference"]), (&json!("payment_captured"), &json!(id)));
        let events = shop.events().await;
        assert_eq!(shop.event_types().await, ["payment.created", "payment.succeeded"]);
        assert_eq!(events[1].1, json!({
            "payment_id": id, "version": 2, "order_id": order(1), "invoice_id": null, "user_id": ada.id,
            "amount": { "amount_minor": 1_250, "currency": "USD" }, "timestamp": "2030-01-01T00:00:00.000000Z",
        }));
        books::are_in_order(&shop).await;
    }

    async fn without_a_name_everything_that_is_owed_is_paid(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, eve) = (shop.sign_up("ada"), shop.sign_up("eve"));
        let ids = [shop.owe(&ada, 1, 100).await, shop.owe(&ada, 2, 20).await, shop.owe(&ada, 3, 3).await];
        shop.owe(&eve, 4, 4_000).await;
        // Transactions are another matter.
        ada.client.post("/transactions", &json!({ "amount": 5 })).await.expect(201);
        ada.pay_order(2, GOOD).await.expect(200);
        let paid = ada.client.send(http::Method::POST, "/pay", None).await.expect(200);
        let paid_ids: Vec<_> = paid["payments"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(paid_ids, [json!(ids[0]), json!(ids[2])]);
        assert_eq!(paid["amount_paid"]["amount_minor"], 103);
        assert_eq!(shop.find(4).await.status.as_str(), "open");
        let pending = ada.client.get("/transactions").await.expect(200);
        assert_eq!(pending[0]["status"], "pending");
        books::are_in_order(&shop).await;
    }

    async fn what_is_owed_in_two_currencies_is_paid_by_name(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 100).await;
        let draft = shop.draft(&ada, 2, money(500, "JPY"));
        shop.payments.create_payment(&call(), draft).await.unwrap();
        let refused = ada.send_pay_for(json!({})).await;
        assert_eq!(refused.expect(409)["code"], "mixed_currencies");
        assert_eq!(shop.count(CHARGES).await, 0);
        let paid = ada.pay_order(2, GOOD).await.expect(200);
        assert_eq!(paid["amount_paid"], json!({ "amount_minor": 500, "currency": "JPY" }));
        ada.send_pay_for(json!({})).await.expect(200);
        books::are_in_order(&shop).await;
    }

    async fn a_decline_ends_the_attempt_and_not_the_payment(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let (first, second) = (shop.owe(&ada, 1, 1_250).await, shop.owe(&ada, 2, 80).await);
        let declined = ada.pay_order(1, DECLINED).await;
        declined.expect_error(402, "Your card was declined.");
        let body = declined.json();
        assert_eq!((&body["code"], &body["status"]), (&json!("payment_declined"), &json!("402")));
        assert_eq!(body["request_id"], declined.header("x-request-id"));
        assert_eq!(body["payments"][0]["status"], "open");
        let attempt = &body["payments"][0]["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["reason"]), (&json!("declined"), &json!("Your card was declined.")));
        // Of several it stops at the first.
        let all = ada.send_pay_for(json!({ "method": DECLINED })).await.expect(402);
        assert_eq!(all["payments"].as_array().map(Vec::len), Some(1));
        assert_eq!(ada.payment(second).await["attempts"], json!([]));
        assert_eq!(shop.event_types().await, ["payment.created", "payment.created"]);
        ada.pay_order(1, GOOD).await.expect(200);
        let paid = ada.payment(first).await;
        assert_eq!((&paid["status"], paid["attempts"].as_array().map(Vec::len)), (&json!("succeeded"), Some(3)));
        books::are_in_order(&shop).await;
    }

    async fn a_payment_that_is_declined_too_often_has_failed(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[("payments.most_declines", "3")]).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        for _ in 0..3 {
            ada.pay_order(1, DECLINED).await.expect(402);
        }
        assert_eq!(ada.payment(id).await["status"], "failed");
        let refused = ada.pay_order(1, GOOD).await;
        refused.expect_error(409, "the payment cannot be paid, it is failed");
        assert_eq!(refused.json()["code"], "payment_closed");
        let events = shop.events().await;
        assert_eq!((events[1].0.as_str(), &events[1].1["reason"]), ("payment.failed", &json!("too_many_attempts")));
        assert_eq!(events.len(), 2);
        books::are_in_order(&shop).await;
    }

    async fn what_is_too_late_is_not_paid(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        fixture.advance(Duration::from_mins(30));
        let refused = ada.pay_order(1, GOOD).await;
        refused.expect_error(409, "the payment cannot be paid, it is expired");
        ada.send_pay_for(json!({})).await.expect(200);
        assert_eq!(shop.count(CHARGES).await, 0);
    }

    async fn anothers_payment_is_not_there(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, eve, clerk) = (shop.sign_up("ada"), shop.sign_up("eve"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        let mut draft = shop.draft(&ada, 2, money(5, "USD"));
        draft.user_id = None;
        let guests = shop.payments.create_payment(&call(), draft).await.unwrap().id;
        for id in [id, guests] {
            eve.client.get(&format!("/payments/{id}")).await.expect_error(404, "Payment not found");
            for payer in [&eve, &clerk] {
                payer.send_pay_for(json!({ "payment_id": id })).await.expect_error(404, "Payment not found");
            }
            clerk.payment(id).await;
        }
        eve.pay_order(1, GOOD).await.expect_error(404, "Payment not found");
        eve.pay_order(9, GOOD).await.expect_error(404, "Payment not found");
        assert_eq!(eve.client.get("/payments").await.expect(200)["items"], json!([]));
        assert_eq!(shop.count(CHARGES).await, 0);
    }

    async fn bad_input_is_named_and_changes_nothing(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        for (body, pointer) in [
            (json!({ "method": "4242424242424241" }), "/method"),
            (json!({ "method": "4000056655665556" }), "/method"),
            (json!({ "method": "pm_card_visa" }), "/method"),
            (json!({ "method": 4242 }), "/method"),
            (json!({ "payment_id": order(1) }), "/payment_id"),
            (json!({ "order_id": id }), "/order_id"),
            (json!({ "payment_id": id, "order_id": order(1) }), "/order_id"),
            (json!({ "payment_id": id, "invoice_id": invoice(1) }), "/invoice_id"),
            (json!({ "order_id": order(1), "invoice_id": invoice(1) }), "/invoice_id"),
            (json!({ "amount": 1 }), "/amount"),
        ] {
            let refused = ada.send_pay_for(body.clone()).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
            assert!(!refused.to_string().contains("4000056655665556"));
        }
        ada.client.get("/payments/pay_1").await.expect(400);
        assert_eq!(ada.payment(id).await["attempts"], json!([]));
    }

    async fn of_ten_payments_at_once_one_captures(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let paid = join_all((0..10).map(|_| ada.pay_order(1, GOOD))).await;
        for reply in &paid {
            assert_eq!(reply.expect(200)["payments"][0]["status"], "succeeded");
            assert_eq!(reply.json()["amount_paid"]["amount_minor"], 1_250);
        }
        assert_eq!(shop.count(CHARGES).await, 1);
        assert_eq!(ada.payment(id).await["attempts"].as_array().map(Vec::len), Some(1));
        shop.owe(&ada, 2, 80).await;
        // Whoever waited for a decline was declined, and does not try again by themselves.
        let declined = join_all((0..10).map(|_| ada.pay_order(2, DECLINED))).await;
        let attempts = shop.find(2).await.attempts.len();
        assert!((1..=10).contains(&attempts), "{attempts}");
        for reply in &declined {
            assert!([402, 409].contains(&reply.status.as_u16()), "{}", reply.status);
        }
        assert_eq!(shop.count(CHARGES).await, 1 + attempts);
        books::are_in_order(&shop).await;
    }

    async fn a_payment_sent_again_is_answered_as_it_was(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        let keyed = ada.keyed("declined");
        let declined = keyed.pay_order(1, DECLINED).await;
        declined.expect(402);
        let good = ada.keyed("good");
        let paid = join_all((0..50).map(|_| good.pay_order(1, GOOD))).await;
        for reply in &paid {
            reply.expect(200);
            assert_eq!(reply.body, paid[0].body);
        }
        let again = keyed.pay_order(1, DECLINED).await;
        assert_eq!((again.status, &again.body), (declined.status, &declined.body), "a decline is kept");
        assert_eq!(good.pay_order(1, DECLINED).await.expect(422)["code"], "idempotency_key_reused");
        assert_eq!(shop.count(CHARGES).await, 2);
        // A refusal that changed nothing is not kept.
        let early = ada.keyed("early");
        early.pay_order(2, GOOD).await.expect(404);
        shop.owe(&ada, 2, 80).await;
        early.pay_order(2, GOOD).await.expect(200);
        books::are_in_order(&shop).await;
    }

    async fn a_card_may_need_something_of_the_payer(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await;
        let waits = ada.pay_order(1, ACTION).await.expect(200);
        let payment = &waits["payments"][0];
        assert_eq!((&payment["status"], &waits["amount_paid"]["amount_minor"]), (&json!("processing"), &json!(0)));
        assert_eq!(payment["next_action"]["type"], "redirect");
        let url = payment["next_action"]["url"].as_str().unwrap();
        let token = url.strip_prefix("http://127.0.0.1:8080/api/checkout/").unwrap();
        assert_eq!(token.len(), 43, "256 bits");
        assert_eq!(&ada.payment(id).await, payment);
        // Asked again, it still waits for the same.
        assert_eq!(ada.pay_order(1, GOOD).await.expect(200), waits);
        let kept = shop.rows("SELECT token_hash, last_digits FROM sandbox_charges").await;
        assert_ne!(kept[0].get::<String>(0).unwrap(), token);
    }

    async fn a_lost_answer_leaves_it_unknown_and_another_amount_is_never_paid(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        shop.owe(&ada, 2, 80).await;
        for (number, card) in [(1, LOST), (2, MORE)] {
            let reply = ada.pay_order(number, card).await.expect(200);
            let payment = &reply["payments"][0];
            assert_eq!((&payment["status"], &payment["attempts"][0]["status"]), (&json!("processing"), &json!("unknown")));
            assert_eq!(reply["amount_paid"]["amount_minor"], 0);
        }
        let flags = shop.rows("SELECT flag FROM payments WHERE flag IS NOT NULL").await;
        assert_eq!(flags.iter().map(|row| row.get::<String>(0).unwrap()).collect::<Vec<_>>(), ["amount_differs"]);
        assert_eq!(shop.event_types().await, ["payment.created", "payment.created"]);
        let reason: Value = json!(shop.find(2).await.attempts[0].reason);
        assert_eq!(reason, "the provider charged 0.81 USD");
    }

    async fn a_cards_number_is_kept_nowhere(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.keyed("key").pay_order(1, "4242424242424242").await.expect(200);
        for query in [
            "SELECT description || COALESCE(reason, '') || COALESCE(last_digits, '') FROM sandbox_charges",
            "SELECT COALESCE(reason, '') || COALESCE(request_key, '') FROM payment_attempts",
            "SELECT COALESCE(body, '') || request_hash FROM idempotency_keys",
            "SELECT payload || headers FROM outbox",
        ] {
            for row in shop.rows(query).await {
                assert!(!row.get::<String>(0).unwrap().contains("424242"), "{query}");
            }
        }
    }
}
