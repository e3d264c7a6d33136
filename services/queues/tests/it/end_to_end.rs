//! From a purchase to a virtual host and to its end, with the real subscriptions and real payments beside queues.

use std::time::Duration;

use kit_testing::{Identity, on_both_databases};
use serde_json::json;

use crate::amqp::{Administrator, connect, is_put_out, publish, queue, take, text};
use crate::app::{Customer as _, check_invariants, plan};
use crate::platform::Platform;

on_both_databases! {
    async fn what_is_paid_is_provisioned_and_what_is_given_up_is_taken_away(fixture: &Fixture) {
        let platform = Platform::start(fixture, "queues").await;
        let ada = Identity::customer("ada");
        let at_queues = platform.shop.person(ada.clone()).client;
        platform.shop.admin().client.post("/plans", &plan("MQ-Small")).await.expect(201);
        let bought = at_queues.purchase("MQ-Small").await.expect(201);
        let id = bought["subscription_id"].as_str().unwrap();
        at_queues.get("/service").await.expect_error(404, "Service not found");
        at_queues.purchase("MQ-Small").await.expect_error(409, "there is a service already");
        platform.agree(fixture, &[]).await;

        let paying = json!({ "invoice_id": bought["invoice_id"], "method": "4242424242424242" });
        platform.payments.person(ada.clone()).client.post("/pay", &paying).await.expect(200);
        let service = platform.until(fixture, &ada, "active").await;
        let paid_until = service["expires_at"].as_str().unwrap();
        assert!(paid_until.starts_with("2030-02-01T00:"), "a month from now on: {paid_until}");
        platform.agree(fixture, &[(id, "active")]).await;
        let mut credentials = at_queues.rotate().await.expect(200);
        credentials["vhost"] = service["vhost"].clone();
        let connection = connect(&credentials).await.unwrap();
        let channel = queue(&connection, "work").await.unwrap();
        publish(&channel, "work", b"a job").await;
        assert_eq!(take(&channel, "work").await.unwrap(), b"a job");

        let give_up = json!({ "at_period_end": false });
        let at_subscriptions = platform.subscriptions.person(ada.clone()).client;
        at_subscriptions.post(&format!("/subscriptions/{id}/cancel"), &give_up).await.expect(200);
        platform.until(fixture, &ada, "suspended").await;
        platform.agree(fixture, &[(id, "suspended")]).await;
        is_put_out(&connection).await;
        assert!(connect(&credentials).await.is_err());
        fixture.advance(Duration::from_hours(31 * 24));
        platform.until(fixture, &ada, "deprovisioned").await;
        platform.agree(fixture, &[]).await;
        let broker = Administrator::new(platform.shop.process.lifecycle.tasks());
        assert!(!broker.has_vhost(text(&service, "vhost")).await);
        assert!(!broker.has_user(text(&service, "username")).await);
        check_invariants(&platform.shop).await;
        let again = platform.shop.person(ada.clone()).client;
        again.purchase("MQ-Small").await.expect(201);
    }
}
