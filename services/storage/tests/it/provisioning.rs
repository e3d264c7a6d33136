//! What subscriptions asks of storage, by the protocol of adapters.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_adapter::{AdapterFault, Instance, Progress};
use kit_rpc::Deadline;
use kit_runtime::Clock;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Customer as _, QUOTA, Shop, instance, presign, put, soon};
use crate::back_ends::on_both_back_ends;
use crate::subscriptions_double::PERIOD_END;

/// Somebody else's instance of a plan, that was not sold here.
fn foreign(id: &str, shop: &Shop, sku: &str) -> Instance {
    instance(id, &shop.sign_up("eve"), sku)
}

async fn is_refused(shop: &Shop, instance: &Instance) -> bool {
    let adapter = shop.adapter();
    match adapter.provision(instance, soon()).await {
        Err(AdapterFault::Refused { .. }) => true,
        Ok(Progress::Done) => false,
        Ok(Progress::InProgress { operation }) => {
            let failed = async || {
                use kit_adapter::OperationState::{Failed, Gone, InProgress, Succeeded};
                match adapter
                    .last_operation(instance, operation.as_deref(), soon())
                    .await
                    .unwrap()
                {
                    InProgress => None,
                    Failed { .. } => Some(true),
                    Succeeded | Gone => Some(false),
                }
            };
            kit_testing::eventually("the operation is over", failed).await
        }
        Err(fault) => panic!("{fault:?}"),
    }
}

on_both_back_ends! {
    async fn a_service_is_made_suspended_resumed_and_taken_away(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        shop.provision(&instance).await;
        let made = ada.client.service().await;
        assert_eq!((&made["status"], &made["access_key_id"]), (&json!("provisioning"), &json!(null)));
        assert_eq!(shop.provisioned().await, []);

        let bound = shop.bind(&instance).await;
        let service = ada.client.service().await;
        let usage = json!({ "bytes": 0, "objects": 0, "measured_at": service["usage"]["measured_at"] });
        assert!(service["usage"]["measured_at"].is_string());
        assert_eq!(service, json!({
            "status": "active", "plan_sku": "a", "endpoint": bound["endpoint"], "region": "us-east-1",
            "bucket": bound["bucket"], "access_key_id": bound["access_key_id"], "quota_bytes": QUOTA, "usage": usage,
            "expires_at": PERIOD_END,
        }));
        let secret = bound["secret_access_key"].as_str().unwrap();
        assert!(!service.to_string().contains(secret));
        assert_eq!(shop.provisioned().await, [(instance.id.clone(), "active".to_owned())]);

        for _ in 0..2 {
            shop.adapter().suspend(&instance, soon()).await.unwrap();
            assert_eq!(ada.client.service().await["status"], "suspended");
            let refused = ada.client.rotate().await;
            refused.expect_error(409, "the service cannot be used, it is suspended");
            assert_eq!(refused.json()["code"], "service_not_active");
            presign(&ada.client, "GET", "a").await.expect(409);
            ada.client.get("/service/objects").await.expect(409);
        }
        assert_eq!(shop.provisioned().await, [(instance.id.clone(), "suspended".to_owned())]);
        for _ in 0..2 {
            shop.adapter().resume(&instance, soon()).await.unwrap();
            assert_eq!(ada.client.service().await["status"], "active");
        }
        shop.check_invariants().await;
        for _ in 0..2 {
            shop.deprovision(&instance).await;
            let gone = ada.client.service().await;
            assert_eq!((&gone["status"], &gone["usage"]), (&json!("deprovisioned"), &json!(null)));
            assert_eq!(gone["access_key_id"], json!(null));
            ada.client.rotate().await.expect(409);
        }
        assert_eq!(shop.provisioned().await, []);
        shop.check_invariants().await;
    }

    async fn each_step_may_be_repeated(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        shop.provision(&instance).await;
        shop.provision(&instance).await;
        let bound = shop.bind(&instance).await;
        let adapter = shop.adapter();
        let again = adapter.bind(&instance, &instance.id, soon()).await.unwrap();
        assert_eq!(again, None, "credentials are shown once");
        assert_eq!(ada.client.service().await["access_key_id"], bound["access_key_id"]);
        let rotated = ada.client.rotate().await.expect(200);
        assert_eq!(rotated["access_key_id"], bound["access_key_id"]);
        for _ in 0..2 {
            adapter.unbind(&instance, &instance.id, soon()).await.unwrap();
        }
        assert_eq!(ada.client.service().await["status"], "provisioning");
        assert_eq!(shop.provisioned().await, []);
        let rebound = shop.bind(&instance).await;
        assert_ne!(rebound["access_key_id"], bound["access_key_id"]);
        assert_eq!(rebound["bucket"], bound["bucket"]);
        shop.check_invariants().await;
    }

    async fn what_was_given_up_can_be_made_again(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        shop.deprovision(&instance).await;
        shop.provision(&instance).await;
        shop.deprovision(&instance).await;
        assert_eq!(ada.client.service().await["status"], "failed");
        shop.check_invariants().await;
        shop.provision(&instance).await;
        shop.bind(&instance).await;
        assert_eq!(ada.client.service().await["status"], "active");
        shop.check_invariants().await;
    }

    async fn another_platform_is_served_on_the_terms_of_the_plan(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let instance = foreign("another-platform.1", &shop, "a");
        shop.provision(&instance).await;
        let bound = shop.bind(&instance).await;
        assert!(bound["bucket"].as_str().unwrap().contains('-'));
        let usage = shop.adapter().usage(&instance, soon()).await.unwrap();
        assert_eq!((usage.bytes, usage.objects), (0, 0));
        assert_eq!(shop.provisioned().await, [], "it is not of our subscriptions");
        shop.deprovision(&instance).await;
    }

    async fn a_service_outlives_its_process(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        shop.serve(&ada, "a").await;
        let before = ada.client.service().await;
        let signed = presign(&ada.client, "PUT", "kept").await.expect(200);
        assert_eq!(put(&shop.s3(&ada).await, &signed, "kept").await.status, 200);
        let (identity, subscriptions) = (ada.identity, shop.subscriptions.clone());
        shop.stop().await;
        let shop = Shop::start_with(fixture, subscriptions, |app| back_end.set(app.clock(Clock::system()))).await;
        let after = shop.person(identity).client.service().await;
        assert_eq!(after["usage"]["objects"], 1);
        assert_eq!((&after["bucket"], &after["access_key_id"]), (&before["bucket"], &before["access_key_id"]));
    }
}

on_both_databases! {
    async fn nobody_gets_what_was_not_sold_to_them(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await.with("b").await;
        let ada = shop.sign_up("ada");
        let sold = shop.purchase(&ada, "a").await;
        assert!(is_refused(&shop, &foreign(&sold.id, &shop, "a")).await, "another's");
        let other = shop.sign_up("bob");
        let unsold = shop.purchase(&other, "a").await;
        assert!(is_refused(&shop, &instance(&unsold.id, &other, "b")).await, "another plan");
        assert!(is_refused(&shop, &foreign("x-1", &shop, "nothing")).await, "no plan");
        shop.admin().client.delete("/plans/b").await.expect(200);
        assert!(is_refused(&shop, &foreign("x-2", &shop, "b")).await, "a retired plan");
        assert_eq!(shop.count("SELECT instance_id FROM services").await, 0);
    }

    async fn the_plans_are_what_is_offered(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await.with("B").await;
        shop.admin().client.delete("/plans/a").await.expect(200);
        let adapter = shop.adapter();
        let offers = adapter.offers(soon()).await.unwrap();
        let plans: Vec<_> = offers.plans.iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!((offers.name.as_str(), plans), ("s3", vec!["B"]));
        adapter.health(Deadline::after(Duration::from_secs(10))).await.unwrap();
        shop.stranger().get("/v2/catalog").await.expect(401);
    }
}
