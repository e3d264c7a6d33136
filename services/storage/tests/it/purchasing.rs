//! Purchases.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Customer as _, PURCHASES, QUOTA, Shop, instance};

on_both_databases! {
    async fn a_purchase_begins_a_subscription_on_the_terms_of_the_plan(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("S3-Small").await;
        let ada = shop.sign_up("ada");
        ada.client.get("/service").await.expect_error(404, "Service not found");
        let bought = ada.client.purchase("s3-small").await.expect(201);
        let begun = shop.subscriptions.begun();
        assert_eq!(begun.len(), 1);
        let asked = &begun[0];
        assert_eq!(bought["subscription_id"], json!(asked.subscription_id));
        assert_eq!(
            bought["checkout_url"],
            format!("http://127.0.0.1:8080/api/checkout/{}", asked.subscription_id)
        );
        assert!(bought["invoice_id"].as_str().unwrap().starts_with("inv_"));
        assert_eq!((asked.adapter.as_str(), asked.username.as_str()), ("s3", "ada"));
        assert_eq!(asked.user_id.to_string(), ada.id);
        assert_eq!((asked.plan.sku.as_str(), asked.plan.name.as_str()), ("S3-Small", "Small"));
        assert_eq!((asked.plan.price.amount_minor, asked.plan.duration_days), (499, 30));
        ada.client.get("/service").await.expect_error(404, "Service not found");
        assert_eq!(shop.provisioned().await, [], "nothing is provisioned before it is paid");

        let refused = ada.client.purchase("S3-Small").await;
        refused.expect_error(409, "there is a service already");
        assert_eq!(refused.json()["code"], "service_exists");
        shop.sign_up("bob").client.purchase("S3-Small").await.expect(201);
        shop.subscriptions.end(bought["subscription_id"].as_str().unwrap());
        let again = ada.client.purchase("S3-Small").await.expect(201);
        assert_ne!(again["subscription_id"], bought["subscription_id"]);
        assert_eq!(shop.count(PURCHASES).await, 3, "of what was refused nothing is kept");
        shop.check_invariants().await;
    }

    async fn a_key_is_one_purchase(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await.with("b").await;
        let ada = shop.sign_up("ada").keyed("buy").client;
        let bought = ada.purchase("a").await;
        bought.expect(201);
        shop.admin().client.patch("a", json!({ "price": { "amount_minor": 1, "currency": "USD" } })).await.expect(200);
        shop.admin().client.delete("/plans/a").await.expect(200);
        let again = ada.purchase("a").await;
        assert_eq!((again.status, &again.body), (bought.status, &bought.body));
        ada.purchase("b").await.expect(422);
        ada.with("idempotency-key", "other").purchase("b").await.expect(409);
        let bob = shop.sign_up("bob").keyed("buy").client;
        assert_ne!(bob.purchase("b").await.expect(201)["subscription_id"], bought.json()["subscription_id"]);
        assert_eq!(shop.subscriptions.begun().len(), 2);
    }

    async fn what_was_refused_may_be_asked_for_again_with_its_key(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let first = ada.client.purchase("a").await.expect(201);
        let keyed = ada.keyed("buy").client;
        keyed.purchase("a").await.expect_error(409, "there is a service already");
        shop.subscriptions.end(first["subscription_id"].as_str().unwrap());
        shop.admin().client.patch("a", json!({ "quota_bytes": 7 })).await.expect(200);
        let second = keyed.purchase("a").await.expect(201);
        let id = second["subscription_id"].as_str().unwrap();
        shop.provision(&instance(id, &ada, "a")).await;
        assert_eq!(ada.client.service().await["quota_bytes"], 7, "on the terms of now");
    }

    async fn a_service_has_the_quota_that_was_sold(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let instance = shop.purchase(&ada, "a").await;
        let root = shop.admin().client;
        root.patch("a", json!({ "quota_bytes": 1, "name": "Other" })).await.expect(200);
        root.delete("/plans/a").await.expect(200);
        shop.provision(&instance).await;
        assert_eq!(ada.client.service().await["quota_bytes"], QUOTA);
        shop.check_invariants().await;
    }
}
