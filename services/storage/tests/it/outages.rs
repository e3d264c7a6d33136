//! Subscriptions away, answers lost, and a process that ends in between.

use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Customer as _, PURCHASES, QUOTA, Shop, builder, instance};
use crate::subscriptions_double::SubscriptionsDouble;

on_both_databases! {
    async fn a_purchase_whose_answer_was_lost_is_found_again(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let keyed = ada.keyed("buy").client;
        shop.subscriptions.set_losing_answers(true);
        keyed.purchase("a").await.expect_error(503, "Subscription service unavailable");
        let begun = shop.subscriptions.begun();
        assert_eq!(begun.len(), 1, "it was begun, and nobody heard of it");
        shop.admin().client.patch("a", json!({ "quota_bytes": 1, "name": "Other" })).await.expect(200);
        let (identity, subscriptions) = (ada.identity, shop.subscriptions.clone());
        shop.stop().await;

        subscriptions.set_losing_answers(false);
        let shop = Shop::start_with(fixture, subscriptions, |app| app).await;
        let ada = shop.person(identity);
        let bought = ada.keyed("buy").client.purchase("a").await.expect(201);
        assert_eq!(bought["subscription_id"], json!(begun[0].subscription_id));
        assert_eq!((shop.subscriptions.begun().len(), shop.count(PURCHASES).await), (1, 1));
        shop.provision(&instance(bought["subscription_id"].as_str().unwrap(), &ada, "a")).await;
        assert_eq!(ada.client.service().await["quota_bytes"], QUOTA);
    }

    async fn without_subscriptions_nothing_is_sold_and_everything_else_goes_on(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        shop.serve(&ada, "a").await;
        shop.subscriptions.set_away(true);
        let bob = shop.sign_up("bob").keyed("buy").client;
        bob.purchase("a").await.expect_error(503, "Subscription service unavailable");
        let service = ada.client.service().await;
        assert_eq!((&service["status"], &service["expires_at"]), (&json!("active"), &json!(null)));
        ada.client.rotate().await.expect(200);
        shop.subscriptions.set_away(false);
        assert!(ada.client.service().await["expires_at"].is_string());
        bob.purchase("a").await.expect(201);
    }

    async fn a_port_that_is_taken_is_known_at_the_start(fixture: &Fixture) {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let app = builder(fixture, SubscriptionsDouble::default()).set("storage.s3_listen", &address);
        let error = app.try_start().await.err().unwrap();
        assert!(format!("{error:#}").contains(&format!("cannot listen on {address}")), "{error:#}");
    }

    async fn an_address_that_nobody_can_ask_for_is_known_at_the_start(fixture: &Fixture) {
        let app = builder(fixture, SubscriptionsDouble::default()).set("storage.s3_listen", "0.0.0.0:0");
        let error = app.try_start().await.err().unwrap();
        assert!(format!("{error:#}").contains("storage.s3_public_url"), "{error:#}");
    }
}
