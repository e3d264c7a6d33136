//! Payments as staff look at them and pay them back.

use futures::future::join_all;
use kit_testing::on_both_databases;
use payments_api::{PaymentsError, PaymentsRefusal, RefundStatus};
use serde_json::{Value, json};

use crate::books;
use crate::shop::{GOOD, MORE, Payer as _, Shop, dollars};

fn ids(page: &Value) -> Vec<Value> {
    let items = page["items"].as_array().unwrap_or(const { &Vec::new() });
    items.iter().map(|payment| payment["id"].clone()).collect()
}

on_both_databases! {
    async fn staff_pay_back_what_they_say_or_the_rest(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, clerk) = (shop.sign_up("ada"), shop.staff());
        let id = shop.owe(&ada, 1, 1_250).await;
        let path = format!("/admin/payments/{id}/refund");
        let part = json!({ "amount": { "amount_minor": 250, "currency": "USD" } });
        for body in [&part, &json!({})] {
            clerk.client.post(&path, body).await.expect_error(409, "the payment is not paid");
        }
        ada.pay_order(1, GOOD).await.expect(200);
        let refunds = join_all((0..20).map(|_| async {
            clerk.keyed("key").client.post(&path, &part).await
        }));
        let refunds = refunds.await;
        for refund in &refunds {
            assert_eq!((refund.expect(200)["status"].clone(), &refund.body), (json!("succeeded"), &refunds[0].body));
        }
        for (amount, message) in [
            (json!({ "amount_minor": 1_001, "currency": "USD" }), "at most 10.00 USD can be paid back"),
            (json!({ "amount_minor": 1, "currency": "EUR" }), "at most 10.00 USD can be paid back"),
        ] {
            clerk.client.post(&path, &json!({ "amount": amount })).await.expect_error(409, message);
        }
        let nothing = json!({ "amount": { "amount_minor": 0, "currency": "USD" } });
        assert_eq!(clerk.client.post(&path, &nothing).await.expect(400)["errors"][0]["pointer"], "/amount");
        fixture.advance(std::time::Duration::from_secs(1));
        let rest = clerk.client.post(&path, &json!({})).await.expect(200);
        assert_eq!(rest["amount"]["amount_minor"], 1_000);
        clerk.client.post(&path, &json!({})).await.expect_error(409, "at most 0.00 USD can be paid back");
        let seen = clerk.client.get(&format!("/admin/payments/{id}")).await.expect(200);
        let sums: Vec<_> = seen["refunds"].as_array().into_iter().flatten().map(|refund| refund["amount"]["amount_minor"].clone()).collect();
        assert_eq!((sums, &seen["refunded"]["amount_minor"], &seen["captured"]["amount_minor"]), (vec![json!(250), json!(1_000)], &json!(1_250), &json!(1_250)));
        assert_eq!((&seen["user_id"], &seen["description"], &seen["flag"]), (&json!(ada.id), &json!("Order 1"), &Value::Null));
        // Orders cannot pay it back a second time.
        let most = dollars(0);
        let refused = shop.refund(1, (9, 1)).await;
        assert_eq!(refused, Err(PaymentsError::Refused(PaymentsRefusal::RefundExceedsPayment { most })));
        let unknown = "/admin/payments/pay_0190c2a4-7c1e-7b3e-9c53-000000000000";
        clerk.client.get(unknown).await.expect_error(404, "Payment not found");
        clerk.client.post(&format!("{unknown}/refund"), &json!({})).await.expect_error(404, "Payment not found");
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn staff_find_what_they_have_to_look_at(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, eve, clerk) = (shop.sign_up("ada"), shop.sign_up("eve"), shop.staff());
        let paid = json!(shop.owe(&ada, 1, 1_250).await);
        let flagged = json!(shop.owe(&ada, 2, 1_250).await);
        let open = json!(shop.owe(&eve, 3, 1_250).await);
        ada.pay_order(1, GOOD).await.expect(200);
        ada.pay_order(2, MORE).await.expect(200);
        let list = async |query: &str| ids(&clerk.client.get(&format!("/admin/payments{query}")).await.expect(200));
        assert_eq!(list("").await, [open.clone(), flagged.clone(), paid.clone()]);
        assert_eq!(list("?status=succeeded").await, vec![paid.clone()]);
        assert_eq!(list("?flagged=true").await, vec![flagged.clone()]);
        assert_eq!(list("?flagged=false").await, [open.clone(), paid.clone()]);
        assert_eq!(list(&format!("?user_id={}", eve.id)).await, vec![open.clone()]);
        let first = clerk.client.get("/admin/payments?flagged=false&limit=1").await;
        let next = first.header("link").trim_start_matches('<').split_once('>').map(|(next, _)| next.to_owned());
        assert_eq!((ids(&first.expect(200)), list(&next.unwrap_or_default()).await), (vec![open], vec![paid]));
        for query in ["status=paid", "flagged=yes", "user_id=ada", "cursor=x", "order=1"] {
            assert_eq!(clerk.client.get(&format!("/admin/payments?{query}")).await.expect(400)["code"], "invalid_query", "{query}");
        }
        let seen = clerk.client.get(&format!("/admin/payments/{}", flagged.as_str().unwrap_or_default())).await.expect(200);
        assert_eq!((&seen["flag"], &seen["status"]), (&json!("amount_differs"), &json!("processing")));
    }

    async fn broken_books_are_named(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let id = shop.owe(&ada, 1, 1_250).await.to_string();
        ada.pay_order(1, GOOD).await.expect(200);
        assert_eq!(shop.refund(1, (1, 250)).await.map(|refund| refund.status), Ok(RefundStatus::Succeeded));
        assert_eq!(books::broken_rules(&shop).await, []);
        let rules = async || -> Vec<&'static str> {
            let broken = books::broken_rules(&shop).await;
            broken.into_iter().map(|(rule, _)| rule).collect()
        };
        shop.execute("UPDATE payment_refunds SET amount_minor = 251").await;
        assert_eq!(rules().await, ["what is paid back is the sum of the refunds"]);
        shop.execute("UPDATE payment_refunds SET amount_minor = 250").await;
        shop.execute("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE line = 1 AND amount_minor = 1250").await;
        assert_eq!(rules().await, ["a ledger transaction sums to zero in each currency", "what was captured and paid back is posted"]);
        shop.execute("UPDATE ledger_entries SET amount_minor = 1250 WHERE amount_minor = 1251").await;
        shop.execute("UPDATE payment_attempts SET status = 'declined'").await;
        assert_eq!(books::broken_rules(&shop).await, [("a payment is captured once at most, by one attempt", id)]);
    }
}
