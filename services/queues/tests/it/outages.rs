//! The broker away, or never there.

use kit_adapter::AdapterFault;
use kit_bus_testing::{Proxy, ProxyMode};
use kit_testing::{eventually, on_both_databases};
use serde_json::json;

use crate::amqp::{connect, management, text};
use crate::app::{Customer as _, PURCHASES, Shop, instance, soon, without_broker};
use crate::subscriptions_double::SubscriptionsDouble;

on_both_databases! {
    async fn what_is_asked_while_the_broker_is_away_is_done_when_it_is_back(fixture: &Fixture) {
        let (address, ..) = management();
        let proxy = Proxy::start(address).await;
        let url = format!("http://127.0.0.1:{}", proxy.port());
        let through = |app: kit_testing::AppBuilder| app.set("queues.management_url", &url);
        let shop = Shop::start_with(fixture, SubscriptionsDouble::default(), through).await.with("a").await;
        let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
        let (instance, bound) = shop.serve(&ada, "a").await;
        let adapter = shop.adapter();

        proxy.set(ProxyMode::Refused).await;
        assert!(matches!(adapter.health(soon()).await, Err(AdapterFault::NotNow(_))));
        assert!(matches!(adapter.usage(&instance, soon()).await, Err(AdapterFault::NotNow(_))));
        assert!(adapter.suspend(&instance, soon()).await.is_err());
        let service = ada.client.service().await;
        assert_eq!((&service["status"], &service["usage"]), (&json!("suspended"), &json!(null)));
        let late = shop.purchase(&bob, "a").await;
        adapter.provision(&late, soon()).await.unwrap();
        let tried = async || {
            let tries = "SELECT id FROM adapter_instances WHERE state = 'provisioning' AND tries > 1";
            fixture.advance(std::time::Duration::from_secs(2));
            (shop.count(tries).await == 1).then_some(())
        };
        eventually("it was tried more than once", tried).await;

        proxy.set(ProxyMode::Open).await;
        adapter.health(soon()).await.unwrap();
        adapter.suspend(&instance, soon()).await.unwrap();
        assert!(connect(&bound).await.is_err());
        adapter.resume(&instance, soon()).await.unwrap();
        connect(&bound).await.unwrap();
        let made = async || {
            fixture.advance(std::time::Duration::from_secs(2));
            shop.adapter().bind(&late, &late.id, soon()).await.ok().flatten()
        };
        let credentials = eventually("it is made after all", made).await;
        connect(&credentials).await.unwrap();

        proxy.set(ProxyMode::Refused).await;
        ada.client.rotate().await.expect_error(503, "Queue service unavailable");
        connect(&bound).await.unwrap();
        proxy.set(ProxyMode::Open).await;
        let rotated = ada.client.rotate().await.expect(200);
        assert_ne!(rotated["password"], bound["password"]);
        assert!(connect(&bound).await.is_err());
        for instance in [&instance, &late] {
            shop.deprovision(instance).await;
        }
        for credentials in [&bound, &credentials] {
            assert!(!shop.broker().has_vhost(text(credentials, "vhost")).await);
            assert!(!shop.broker().has_user(text(credentials, "username")).await);
        }
        proxy.end().await;
    }

    async fn without_a_broker_nothing_is_sold_and_nothing_breaks(fixture: &Fixture) {
        let subscriptions = SubscriptionsDouble::default();
        let app = without_broker(fixture, subscriptions.clone()).start().await;
        let shop = Shop { app, subscriptions };
        assert_eq!(shop.stranger().get("/plans").await.expect(200)["items"], json!([]));
        let shop = shop.with("a").await;
        let ada = shop.sign_up("ada");
        ada.client.purchase("a").await.expect_error(503, "Queue service unavailable");
        assert_eq!((shop.count(PURCHASES).await, shop.subscriptions.begun().len()), (0, 0));
        ada.client.get("/service").await.expect_error(404, "Service not found");
        let adapter = shop.adapter();
        let health = adapter.health(soon()).await;
        let told = |fault: &AdapterFault| fault.to_string().contains("set `queues.management_url`");
        assert!(health.as_ref().is_err_and(told), "{health:?}");
        // What was sold before is not refused, and so not paid back: it is made once there is a broker again.
        let sold = instance("sold-before", &ada, "a");
        adapter.provision(&sold, soon()).await.unwrap();
        let tried = async || {
            let tries = "SELECT id FROM adapter_instances WHERE state = 'provisioning' AND tries > 1";
            fixture.advance(std::time::Duration::from_secs(2));
            (shop.count(tries).await == 1).then_some(())
        };
        eventually("it was tried more than once", tried).await;
    }

    async fn an_account_that_is_no_administrator_is_told_of(fixture: &Fixture) {
        let wrong = |app: kit_testing::AppBuilder| app.set("queues.management_password", "another password");
        let shop = Shop::start_with(fixture, SubscriptionsDouble::default(), wrong).await;
        assert!(matches!(shop.adapter().health(soon()).await, Err(AdapterFault::NotNow(_))));
    }
}
