//! Somebody subscribes to storage, pays, and gets a bucket that outlives the processes; and leaves again.

use e2e::person::{CARD, fresh};
use e2e::{Client, Person, Stoa, eventually};
use kit_testing::Reply;
use serde_json::{Value, json};

every_topology! {
    fn what_is_paid_is_provisioned_and_what_is_cancelled_is_not(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let sku = offer(&gateway.with_token(&stoa.admin_token()));
        let (ada, eve) = (Person::join(&gateway, "ada"), Person::join(&gateway, "eve"));
        let bought = purchase(&ada.at(&gateway), &sku).expect(201);
        let (invoice, subscription) = (path("invoices", &bought["invoice_id"]), path("subscriptions", &bought["subscription_id"]));
        assert_eq!(purchase(&ada.at(&gateway), &sku).expect(409)["code"], "service_exists");
        for path in [&invoice, &subscription] {
            gateway.get(path).expect(401);
            eve.at(&gateway).get(path).expect(404);
        }
        ada.at(&gateway).get("/api/storage/service").expect(404);
        for outside in ["/v2/catalog", "/ext/v1/health", "/api/v2/catalog", "/api/storage/v2/catalog", "/api/adapters/queues/v2/catalog"] {
            gateway.get(outside).expect(404);
        }
        let queues = gateway.get("/api/adapters/queues/plans").expect(200);
        assert_eq!(queues["items"], json!([]), "no broker is configured");
        // What was bought and not paid outlives the processes.
        stoa.restart();
        let gateway = stoa.gateway();
        let customer = ada.at(&gateway);
        let owed = json!({ "invoice_id": bought["invoice_id"], "method": CARD });
        eve.at(&gateway).post("/api/pay", &owed).expect(404);
        for _ in 0..2 {
            customer.post("/api/pay", &owed).expect(200);
        }
        let service = eventually("the service is there", || {
            let reply = customer.get("/api/storage/service");
            (reply.status.as_u16() == 200 && reply.json()["status"] == "active").then(|| reply.json())
        });
        assert_eq!((&service["plan_sku"], &service["quota_bytes"]), (&json!(sku), &json!(10_000_000)));
        assert_eq!(customer.get(&invoice).expect(200)["status"], "paid");
        let rotated = customer.post("/api/storage/service/credentials/rotate", &json!({})).expect(200);
        assert_eq!(rotated["access_key_id"], service["access_key_id"]);
        let told = eventually("its owner is told", || {
            let listing = customer.get("/api/notifications").expect(200);
            let kinds = listing["items"].as_array()?.iter().map(|item| item["kind"].clone()).collect::<Vec<_>>();
            kinds.contains(&json!("service.provisioned")).then_some(kinds)
        });
        assert!(told.contains(&json!("invoice.paid")), "{told:?}");
        let cancelled = customer.post(&format!("{subscription}/cancel"), &json!({ "at_period_end": false })).expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        eventually("it cannot be used any more", || {
            let reply = customer.get("/api/storage/service");
            (reply.json()["status"] == "suspended").then_some(())
        });
    }
}

/// Makes a plan of storage; its SKU.
pub(crate) fn offer(admin: &Client) -> String {
    let sku = fresh("s3").replace('_', "-");
    let plan = json!({
        "sku": sku, "name": "Small", "price": { "amount_minor": 499, "currency": "USD" },
        "duration_days": 30, "quota_bytes": 10_000_000,
    });
    admin.post("/api/storage/plans", &plan).expect(201);
    sku
}

fn purchase(customer: &Client, sku: &str) -> Reply {
    let client = customer.with("Idempotency-Key", &fresh("buy"));
    client.post(&format!("/api/storage/plans/{sku}/purchase"), &json!({}))
}

fn path(kind: &str, id: &Value) -> String {
    format!("/api/{kind}/{}", id.as_str().unwrap_or_default())
}
