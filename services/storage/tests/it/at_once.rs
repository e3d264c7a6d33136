//! Many at once.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeSet;

use futures::future::join_all;
use kit_testing::on_both_databases;

use crate::app::{Customer as _, PURCHASES, Shop, plan, presign, put};
use crate::back_ends::on_both_back_ends;

on_both_databases! {
    async fn fifty_with_one_key_are_one_purchase(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").keyed("buy").client;
        let replies = join_all((0..50).map(|_| ada.purchase("a"))).await;
        let bodies: BTreeSet<_> = replies.iter().map(|reply| (reply.status.as_u16(), reply.body.clone())).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(replies[0].status, 201);
        assert_eq!((shop.subscriptions.begun().len(), shop.count(PURCHASES).await), (1, 1));
    }

    async fn fifty_of_one_user_are_one_purchase(fixture: &Fixture) {
        let shop = Shop::start(fixture).await.with("a").await;
        let ada = shop.sign_up("ada").client;
        let replies = join_all((0..50).map(|_| ada.purchase("a"))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        let refused = replies.iter().filter(|reply| reply.status == 409).count();
        assert_eq!((made, refused), (1, 49));
        assert_eq!((shop.subscriptions.begun().len(), shop.count(PURCHASES).await), (1, 1));
    }

    async fn one_of_fifty_admins_makes_a_plan_and_each_change_is_its_own(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let root = &shop.admin().client;
        let replies = join_all((0..50).map(async |_| root.post("/plans", &plan("a")).await)).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 409).count(), 49);
        let seen = &root.with("if-match", "\"1\"");
        let change = |number: u32| seen.patch("a", serde_json::json!({ "name": format!("Box {number}") }));
        let replies = join_all((0..20).map(change)).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 19);
    }
}

on_both_back_ends! {
    async fn of_secrets_that_are_changed_at_once_the_last_is_good(fixture: &Fixture, back_end: &BackEnd) {
        let shop = Shop::start_at(fixture, back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        shop.serve(&ada, "a").await;
        let rotations = join_all((0..10).map(|_| ada.client.rotate())).await;
        let secrets: BTreeSet<_> = rotations
            .iter()
            .map(|reply| reply.expect(200)["secret_access_key"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(secrets.len(), 10);
        let signed = presign(&ada.client, "PUT", "a").await.expect(200);
        let s3 = shop.s3(&ada).await;
        assert_eq!(put(&s3, &signed, "x").await.status, 200);
        shop.check_invariants().await;
    }
}
