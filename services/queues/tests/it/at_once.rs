//! Many at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use kit_testing::on_both_databases;

use crate::amqp::{connect, text};
use crate::app::{Customer as _, PURCHASES, Shop, plan};

on_both_databases! {
    async fn fifty_of_one_user_are_one_purchase(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").client;
        let replies = join_all((0..50).map(|_| ada.purchase("a"))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        let refused = replies.iter().filter(|reply| reply.status == 409).count();
        assert_eq!((made, refused), (1, 49));
        assert_eq!((shop.subscriptions.begun().len(), shop.count(PURCHASES).await), (1, 1));
    }

    async fn fifty_with_one_key_are_one_purchase(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").keyed("buy").client;
        let replies = join_all((0..50).map(|_| ada.purchase("a"))).await;
        let bodies: BTreeSet<_> = replies.iter().map(|reply| (reply.status.as_u16(), reply.body.clone())).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(replies[0].status, 201);
        assert_eq!((shop.subscriptions.begun().len(), shop.count(PURCHASES).await), (1, 1));
    }

    async fn one_of_fifty_admins_makes_a_plan(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let root = &shop.admin().client;
        let replies = join_all((0..50).map(async |_| root.post("/plans", &plan("a")).await)).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 409).count(), 49);
    }

    async fn of_passwords_that_are_changed_at_once_one_is_good(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let rotations = join_all((0..10).map(|_| ada.client.rotate())).await;
        let passwords = rotations.iter().map(|reply| text(&reply.expect(200), "password").to_owned());
        let passwords: BTreeSet<_> = passwords.collect();
        assert_eq!(passwords.len(), 10);
        let mut good = 0;
        for password in passwords {
            let mut tried = bound.clone();
            tried["password"] = password.into();
            good += usize::from(connect(&tried).await.is_ok());
        }
        assert_eq!(good, 1);
        shop.deprovision(&instance).await;
        shop.check_invariants().await;
    }

    async fn who_rotates_while_a_service_is_taken_away_leaves_no_user(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let rotating = join_all((0..10).map(|_| ada.client.rotate()));
        let (replies, ()) = futures::join!(rotating, shop.deprovision(&instance));
        // The broker refuses some of those that change one user at the same moment: nobody knows what they did.
        assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 409 | 503)), "{replies:?}");
        let broker = shop.broker();
        assert!(!broker.has_vhost(text(&bound, "vhost")).await);
        assert!(!broker.has_user(text(&bound, "username")).await);
        shop.check_invariants().await;
    }
}
