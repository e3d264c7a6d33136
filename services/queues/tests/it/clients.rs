//! What real clients of AMQP do with what was purchased.

use futures::future::try_join_all;
use kit_testing::{eventually, on_both_databases};
use serde_json::json;

use crate::amqp::{connect, connect_to, is_put_out, public_url, publish, queue, take, text};
use crate::app::{Customer as _, Shop, soon};

on_both_databases! {
    async fn a_client_uses_its_own_virtual_host_and_no_other(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
        let (instance, bound) = shop.serve(&ada, "a").await;
        let (others, other) = shop.serve(&bob, "a").await;
        assert_eq!(bound["endpoint"], public_url());
        let connection = connect(&bound).await.unwrap();
        let channel = queue(&connection, "work").await.unwrap();
        for payload in ["one", "two"] {
            publish(&channel, "work", payload.as_bytes()).await;
        }
        assert_eq!(take(&channel, "work").await.unwrap(), b"one");
        // It counts messages and their bytes at different moments.
        let counted = async || {
            let usage = &ada.client.service().await["usage"];
            (usage["objects"] == 1 && usage["bytes"] == 3).then_some(())
        };
        eventually("the broker has counted", counted).await;
        let measured = shop.adapter().usage(&instance, soon()).await.unwrap();
        assert_eq!((measured.bytes, measured.objects), (3, 1));
        assert_eq!(bob.client.service().await["usage"]["objects"], 0);

        for vhost in [text(&other, "vhost"), "%2F"] {
            assert!(connect_to(&bound, vhost).await.is_err(), "{vhost}");
        }
        let mut guessed = bound.clone();
        guessed["password"] = other["password"].clone();
        assert!(connect(&guessed).await.is_err());
        let (tags, vhosts) = shop.broker().rights(text(&bound, "username")).await;
        assert_eq!((tags, vhosts), (json!([]), vec![text(&bound, "vhost").to_owned()]));
        for instance in [&instance, &others] {
            shop.deprovision(instance).await;
        }
    }

    async fn a_client_has_what_its_plan_promises_and_no_more(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let (instance, bound) = shop.serve(&shop.sign_up("ada"), "a").await;
        let connections = try_join_all((0..3).map(|_| connect(&bound))).await.unwrap();
        assert!(connect(&bound).await.is_err(), "a fourth connection");
        let channel = queue(&connections[0], "first").await.unwrap();
        queue(&connections[0], "second").await.unwrap();
        assert!(queue(&connections[0], "third").await.is_err(), "a third queue");
        // A queue holds what fits; the oldest goes.
        for number in 0..4_u8 {
            publish(&channel, "first", &[number; 400]).await;
        }
        assert_eq!(take(&channel, "first").await.unwrap(), [2; 400]);
        assert_eq!(take(&channel, "first").await.unwrap(), [3; 400]);
        assert_eq!(take(&channel, "first").await, None);
        shop.deprovision(&instance).await;
    }

    async fn who_is_suspended_is_put_out_and_finds_everything_again(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let adapter = shop.adapter();
        let connection = connect(&bound).await.unwrap();
        let channel = queue(&connection, "work").await.unwrap();
        publish(&channel, "work", b"kept").await;
        for _ in 0..2 {
            adapter.suspend(&instance, soon()).await.unwrap();
            assert_eq!(ada.client.service().await["status"], "suspended");
            assert!(connect(&bound).await.is_err());
            let refused = ada.client.rotate().await;
            refused.expect_error(409, "the service cannot be used, it is suspended");
        }
        is_put_out(&connection).await;
        for _ in 0..2 {
            adapter.resume(&instance, soon()).await.unwrap();
        }
        let connection = connect(&bound).await.unwrap();
        let channel = queue(&connection, "work").await.unwrap();
        assert_eq!(take(&channel, "work").await.unwrap(), b"kept");
        shop.deprovision(&instance).await;
        is_put_out(&connection).await;
        assert!(connect(&bound).await.is_err());
        shop.check_invariants().await;
    }

    async fn a_password_is_dead_after_its_rotation(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
        let (instance, bound) = shop.serve(&ada, "a").await;
        let connection = connect(&bound).await.unwrap();
        bob.client.rotate().await.expect_error(404, "Service not found");
        let reply = ada.client.rotate().await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let rotated = reply.expect(200);
        assert_eq!(rotated["username"], bound["username"]);
        is_put_out(&connection).await;
        assert!(connect(&bound).await.is_err());
        let mut known = bound.clone();
        known["password"] = rotated["password"].clone();
        connect(&known).await.unwrap();
        let shown = ada.client.service().await.to_string();
        assert!(!shown.contains(text(&rotated, "password")) && !shown.contains(text(&bound, "password")));
        shop.deprovision(&instance).await;
    }
}
