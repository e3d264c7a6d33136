//! What holds for every route, read off the route table.

use kit_testing::{Examples, on_both_databases};
use payments_api::routes;

use crate::app::{TRANSACTIONS, start};
use crate::shop::{Payer as _, Shop, call};
use crate::webhooks::{SECRET, Sender};

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "POST /transactions user, idempotent, strict, fails closed",
        "GET /transactions/list user",
        "GET /transactions user",
        "POST /transactions/pay user, idempotent, strict, fails closed",
        "GET /admin/ledger staff",
        "POST /pay holder, idempotent, strict, fails closed",
        "GET /payments user",
        "GET /payments/{id} holder",
        "POST /payments/{id}/checkout holder, idempotent, strict, fails closed",
        "GET /checkout/{token} public",
        "POST /checkout/{token} public, strict",
        "POST /webhooks/{provider} public",
        "GET /admin/payments staff",
        "GET /admin/payments/{id} staff",
        "POST /admin/payments/{id}/refund staff, idempotent, strict, fails closed",
        "POST /admin/payments/{id}/resolve staff, strict, fails closed",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let app = Shop::start_with(fixture, &[("payments.sandbox.webhook_secrets", SECRET)]).await;
        let (clerk, mut examples) = (app.staff(), Examples::of(routes()));
        assert_eq!(app.count(TRANSACTIONS).await, 0);
        // In an order in which each finds what it needs.
        for (operation, path) in [
            ("payments_health", "/"), ("create_transaction", "/transactions"), ("list_transactions", "/transactions/list"),
            ("get_transactions", "/transactions"), ("list_ledger", "/admin/ledger"),
        ] {
            examples.check(&clerk.client, operation, path).await;
        }
        let (paid, example) = examples.check(&clerk.client, "pay_transactions", "/transactions/pay").await;
        assert_eq!(paid, example, "of what the example made");
        let mut draft = app.draft(&clerk, 1, crate::shop::dollars(1_250));
        draft.payable = examples.body("pay")["order_id"].as_str().unwrap().parse().unwrap();
        let payment = app.payments.create_payment(&call(), draft).await.unwrap();
        let checkout = format!("/payments/{}/checkout", payment.id);
        let (opened, _) = examples.check(&clerk.client, "open_checkout", &checkout).await;
        let page = opened["checkout_url"].as_str().and_then(|url| url.split_once("/api")).unwrap().1;
        examples.check(&app.stranger(), "get_checkout", page).await;
        examples.check(&app.stranger(), "decide_checkout", page).await;
        examples.check(&clerk.client, "pay", "/pay").await;
        let admin = format!("/admin/payments/{}", payment.id);
        examples.check(&clerk.client, "refund_payment", &format!("{admin}/refund")).await;
        app.execute("UPDATE payments SET flag = 'provider_differs'").await;
        examples.check(&clerk.client, "resolve_payment", &format!("{admin}/resolve")).await;
        examples.check(&clerk.client, "get_any_payment", &admin).await;
        examples.check(&clerk.client, "list_all_payments", "/admin/payments").await;
        let sender = Sender::new(&app, app.process.clock().now());
        sender.check_example(&mut examples).await;
        examples.check(&clerk.client, "list_payments", "/payments").await;
        examples.check(&clerk.client, "get_payment", &format!("/payments/{}", payment.id)).await;
        assert_eq!(clerk.payment(payment.id).await["status"], "succeeded");
        assert_eq!(examples.untried(), [""; 0]);
    }
}
