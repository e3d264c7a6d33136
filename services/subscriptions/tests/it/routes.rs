//! What holds for every route, read off the route table; and who may see what.

use kit_testing::{App, Examples, Fixture, on_both_databases};
use serde_json::json;
use subscriptions_api::routes;

use crate::app::{Shop, text};

/// Subscriptions alone.
async fn start(fixture: &Fixture) -> App {
    Shop::open(fixture).await.subscriptions
}

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "GET /subscriptions user",
        "GET /subscriptions/{id} own",
        "POST /subscriptions/{id}/cancel own, idempotent, fails closed",
        "POST /subscriptions/{id}/resume own, idempotent, fails closed",
        "GET /invoices user",
        "GET /invoices/{id} own",
        "POST /invoices/{id}/checkout own, idempotent, strict, fails closed",
        "POST /invoices/{id}/callback public",
        "GET /admin/subscriptions admin",
        "GET /admin/adapters admin",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (ada, mut examples) = (shop.user("ada"), Examples::of(routes()));
        let (user, admin) = (&ada.subscriptions.client, &shop.subscriptions.admin().client);
        examples.check(user, "subscriptions_health", "/").await;
        let bought = shop.purchase(&ada).await;
        let invoice = format!("/invoices/{}", bought.invoice_id);
        examples.check(user, "checkout_invoice", &format!("{invoice}/checkout")).await;
        ada.pay(&bought.invoice_id.to_string()).await.expect(200);
        let id = bought.subscription_id.to_string();
        ada.is_served(&id).await;
        let path = format!("/subscriptions/{id}");
        examples.check(user, "list_subscriptions", "/subscriptions").await;
        examples.check(user, "get_subscription", &path).await;
        examples.check(user, "list_invoices", "/invoices").await;
        examples.check(user, "get_invoice", &invoice).await;
        examples.check(user, "cancel_subscription", &format!("{path}/cancel")).await;
        examples.check(user, "resume_subscription", &format!("{path}/resume")).await;
        examples.check(admin, "list_all_subscriptions", "/admin/subscriptions").await;
        examples.check(admin, "list_adapters", "/admin/adapters").await;
        // Its stories are told of in `callbacks`.
        assert_eq!(examples.untried(), ["receive_invoice_callback"]);
    }

    async fn what_is_another_ones_is_not_there(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let subscription = format!("/subscriptions/{}", bought.subscription_id);
        let invoice = format!("/invoices/{}", bought.invoice_id);
        let strangers = [shop.user("bob").subscriptions, shop.subscriptions.staff()];
        for person in &strangers {
            let client = &person.client;
            client.get(&subscription).await.expect_error(404, "Subscription not found");
            client.get(&invoice).await.expect_error(404, "Invoice not found");
            let cancel = json!({ "at_period_end": false });
            client.post(&format!("{subscription}/cancel"), &cancel).await.expect(404);
            client.post(&format!("{subscription}/resume"), &json!({})).await.expect(404);
            client.post(&format!("{invoice}/checkout"), &json!({})).await.expect(404);
            for list in ["/subscriptions", "/invoices"] {
                assert_eq!(client.get(list).await.expect(200)["items"], json!([]));
            }
            client.get("/admin/subscriptions").await.expect(403);
            client.get("/admin/adapters").await.expect(403);
        }
        assert_eq!(ada.get(&bought.subscription_id.to_string()).await["status"], "incomplete");
        let admin = shop.subscriptions.admin().client;
        admin.get(&invoice).await.expect(200);
        let cancelled = admin.post(&format!("{subscription}/cancel"), &json!({ "at_period_end": false })).await;
        assert_eq!(cancelled.expect(200)["status"], "cancelled");
        assert_eq!(shop.subscriptions.count("SELECT id FROM audit_unsent").await, 1);
    }

    async fn an_invoice_can_be_printed(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let path = format!("/invoices/{}", bought.invoice_id);
        let client = &ada.subscriptions.client;
        let browser = client.with("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        let page = browser.get(&path).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        let html = String::from_utf8(page.body.to_vec()).unwrap();
        for words in ["INV-000001", "Storage, 10 GB (S3-10GB), 30 days", "4.99 USD", "<dd>open</dd>"] {
            assert!(html.contains(words), "{html}");
        }
        for accept in ["application/json", "*/*"] {
            let reply = client.with("accept", accept).get(&path).await;
            assert_eq!((reply.header("content-type"), reply.header("vary")), ("application/json", "accept"));
        }
        let tag = client.get(&path).await.header("etag").to_owned();
        assert_eq!(client.get(&path).await.header("etag"), tag);
        ada.pay(&bought.invoice_id.to_string()).await.expect(200);
        shop.invoice_becomes(&ada, &bought.invoice_id.to_string(), "paid").await;
        assert_ne!(client.get(&path).await.header("etag"), tag);
    }

    async fn lists_are_paged_and_filtered(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let mut ids = Vec::new();
        for _ in 0..5 {
            let bought = shop.purchase(&ada).await;
            ids.insert(0, bought.subscription_id.to_string());
            fixture.advance(std::time::Duration::from_secs(1));
            ada.cancel(&ids[0], false).await.expect(200);
        }
        for list in ["/subscriptions", "/admin/subscriptions"] {
            let client = if list == "/subscriptions" { ada.subscriptions.client.clone() } else { shop.subscriptions.admin().client };
            let (mut seen, mut path) = (Vec::new(), format!("{list}?limit=2"));
            loop {
                let page = client.get(&path).await.expect(200);
                seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                path = format!("{list}?limit=2&cursor={cursor}");
            }
            assert_eq!(seen, ids, "{list}");
        }
        let invoices = ada.subscriptions.client.get("/invoices?limit=3").await.expect(200);
        assert_eq!(invoices["items"][0]["number"], "INV-000005");
        let next = format!("/invoices?limit=3&cursor={}", text(&invoices["next_cursor"]));
        let rest = ada.subscriptions.client.get(&next).await.expect(200);
        assert_eq!(rest["items"][1]["number"], "INV-000001");
        let admin = shop.subscriptions.admin().client;
        for (query, count) in [
            ("status=cancelled", 5), ("status=active", 0), ("adapter=s3", 5), ("adapter=mq", 0),
            (&format!("user_id={}", ada.subscriptions.id), 5),
            ("user_id=0190c2a4-7c1e-7b3e-9c53-000000000000", 0),
        ] {
            let found = admin.get(&format!("/admin/subscriptions?{query}")).await.expect(200);
            assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
        }
    }
}
