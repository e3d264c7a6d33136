//! What subscriptions asks of queues, by the protocol of adapters.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_adapter::{AdapterFault, Instance, OperationState, Progress};
use kit_runtime::Ids;
use kit_testing::{eventually, on_both_databases};
use serde_json::json;

use crate::amqp::{connect, text};
use crate::app::{Customer as _, Shop, instance, soon};

/// Somebody else's instance of a plan, that was not sold here.
fn foreign(id: &str, shop: &Shop, sku: &str) -> Instance {
    instance(id, &shop.sign_up("eve"), sku)
}

async fn is_refused(shop: &Shop, instance: &Instance) -> bool {
    let adapter = shop.adapter();
    match adapter.provision(instance, soon()).await {
        Err(AdapterFault::Refused { .. }) => true,
        Ok(Progress::InProgress { operation }) => {
            let over = async || {
                let last = adapter
                    .last_operation(instance, operation.as_deref(), soon())
                    .await;
                match last.unwrap() {
                    OperationState::InProgress => None,
                    OperationState::Failed { .. } => Some(true),
                    OperationState::Succeeded | OperationState::Gone => Some(false),
                }
            };
            eventually("the operation is over", over).await
        }
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    async fn a_service_is_made_and_taken_away_and_nothing_of_it_is_left(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        for _ in 0..2 {
            shop.provision(&instance).await;
        }
        let made = ada.client.service().await;
        assert_eq!((&made["status"], &made["username"]), (&json!("provisioning"), &json!(null)));
        assert_eq!(shop.provisioned().await, []);
        let bound = shop.bind(&instance).await;
        let adapter = shop.adapter();
        let again = adapter.bind(&instance, &instance.id, soon()).await.unwrap();
        assert_eq!(again, None, "credentials are shown once");
        shop.subscriptions.set_away(true);
        let service = ada.client.service().await;
        let usage = json!({ "bytes": 0, "objects": 0, "measured_at": "2030-01-01T00:00:00.000000Z" });
        assert_eq!(service, json!({
            "status": "active", "plan_sku": "a", "endpoint": bound["endpoint"], "vhost": bound["vhost"],
            "username": bound["username"], "max_queues": 2, "max_connections": 3, "max_queue_bytes": 1000,
            "usage": usage, "expires_at": null,
        }));
        assert_eq!(shop.provisioned().await, [(instance.id.clone(), "active".to_owned())]);
        shop.sign_up("bob").client.get("/service").await.expect_error(404, "Service not found");

        let broker = shop.broker();
        let (vhost, username) = (text(&bound, "vhost"), text(&bound, "username"));
        assert!(broker.has_vhost(vhost).await && broker.has_user(username).await);
        for _ in 0..2 {
            shop.deprovision(&instance).await;
        }
        assert!(!broker.has_vhost(vhost).await && !broker.has_user(username).await);
        let gone = ada.client.service().await;
        assert_eq!(gone["status"], "deprovisioned");
        assert_eq!((&gone["username"], &gone["usage"]), (&json!(null), &json!(null)));
        ada.client.rotate().await.expect(409);
        shop.check_invariants().await;
    }

    async fn a_binding_that_is_taken_away_takes_its_user_along(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let adapter = shop.adapter();
        for _ in 0..2 {
            adapter.unbind(&instance, &instance.id, soon()).await.unwrap();
        }
        assert!(!shop.broker().has_user(text(&bound, "username")).await);
        assert!(connect(&bound).await.is_err());
        assert_eq!(ada.client.service().await["status"], "provisioning");
        let rebound = shop.bind(&instance).await;
        assert_ne!(rebound["username"], bound["username"]);
        assert_eq!(rebound["vhost"], bound["vhost"]);
        connect(&rebound).await.unwrap();
        shop.deprovision(&instance).await;
        shop.check_invariants().await;
    }

    async fn what_was_given_up_can_be_made_again(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        shop.deprovision(&instance).await;
        shop.provision(&instance).await;
        shop.deprovision(&instance).await;
        assert_eq!(ada.client.service().await["status"], "failed");
        shop.provision(&instance).await;
        connect(&shop.bind(&instance).await).await.unwrap();
        shop.deprovision(&instance).await;
        shop.check_invariants().await;
    }

    async fn a_service_has_the_limits_that_were_sold_whatever_becomes_of_the_plan(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        let root = shop.admin().client;
        root.patch("a", json!({ "max_queues": 9, "name": "Other" })).await.expect(200);
        root.delete("/plans/a").await.expect(200);
        shop.provision(&instance).await;
        assert_eq!(ada.client.service().await["max_queues"], 2);
        shop.deprovision(&instance).await;
        shop.check_invariants().await;
    }

    async fn nobody_gets_what_was_not_sold_to_them(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await.with("b").await;
        let ada = shop.sign_up("ada");
        let sold = shop.purchase(&ada, "a").await;
        assert!(is_refused(&shop, &foreign(&sold.id, &shop, "a")).await, "another's");
        assert!(is_refused(&shop, &foreign("x-1", &shop, "nothing")).await, "no plan");
        assert_eq!(shop.count("SELECT instance_id FROM services").await, 0);
        let offers = shop.adapter().offers(soon()).await.unwrap();
        let plans: Vec<_> = offers.plans.iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!((offers.name.as_str(), plans), ("queues", vec!["a", "b"]));
        shop.stranger().get("/v2/catalog").await.expect(401);
    }

    async fn another_platform_is_served_whatever_its_identifiers_look_like(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let id = format!("Another~Platform.1_{}", Ids::system().uuid());
        let instance = foreign(&id, &shop, "a");
        shop.provision(&instance).await;
        let bound = shop.bind(&instance).await;
        connect(&bound).await.unwrap();
        let usage = shop.adapter().usage(&instance, soon()).await.unwrap();
        assert_eq!((usage.bytes, usage.objects), (0, 0));
        assert_eq!(shop.provisioned().await, [], "it is not of our subscriptions");
        shop.deprovision(&instance).await;
        assert!(!shop.broker().has_vhost(text(&bound, "vhost")).await);
    }
}
