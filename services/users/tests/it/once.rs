//! `Idempotency-Key`: a profile is made once, however often it is asked for.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{HasProfile as _, PROFILES, UsersApp};

on_both_databases! {
    async fn the_same_request_gets_the_same_answer(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let keyed = ada.client.with("idempotency-key", "key-1");
        let first = keyed.post("/users", &ada.profile()).await.expect(200);
        let second = keyed.post("/users", &ada.profile()).await.expect(200);
        assert_eq!(first, second);
        assert_eq!(first, json!({ "user_id": ada.id, "message": "Profile created successfully" }));
        assert_eq!(app.count(PROFILES).await, 1);
        ada.client.post("/users", &ada.profile()).await.expect_error(409, "Profile already exists");
        let other = ada.client.with("idempotency-key", "key-2");
        other.post("/users", &ada.profile()).await.expect_error(409, "Profile already exists");
    }

    async fn another_request_with_the_same_key_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        let keyed = ada.client.with("idempotency-key", "key");
        keyed.post("/users", &ada.profile()).await.expect(200);
        let mut other = ada.profile();
        other["bio"] = json!("another");
        let refused = keyed.post("/users", &other).await;
        refused.expect_error(422, "`Idempotency-Key` was used for another request");
        assert_eq!(refused.json()["code"], "idempotency_key_reused");
        assert_eq!(ada.seen().await["bio"], "Writes programs");
        // Another user's keys are other keys.
        bob.client.with("idempotency-key", "key").post("/users", &bob.profile()).await.expect(200);
        assert_eq!(app.count(PROFILES).await, 2);
    }

    async fn a_refusal_that_changed_nothing_is_not_kept(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let keyed = ada.client.with("idempotency-key", "key");
        keyed.post("/users", &ada.profile()).await.expect_error(409, "Profile already exists");
        ada.client.delete(&ada.path()).await.expect(200);
        keyed.post("/users", &ada.profile()).await.expect(200);
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn the_answer_is_known_after_a_restart_and_a_deletion(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let profile = ada.profile();
        let keyed = ada.client.with("idempotency-key", "key");
        let first = keyed.post("/users", &profile).await.expect(200);
        ada.client.delete(&ada.path()).await.expect(200);
        app.stop().await;
        let app = UsersApp::start(fixture).await;
        let ada = app.person(ada.identity);
        let keyed = ada.client.with("idempotency-key", "key");
        assert_eq!(keyed.post("/users", &profile).await.expect(200), first);
        assert_eq!(app.count(PROFILES).await, 0, "it was made once, and is deleted");
    }

    async fn fifty_at_once_have_one_effect_and_one_answer(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let sending = (0..50).map(|_| {
            let keyed = ada.client.with("idempotency-key", "key");
            let profile = ada.profile();
            async move { keyed.post("/users", &profile).await }
        });
        for reply in join_all(sending).await {
            assert_eq!(reply.expect(200)["message"], "Profile created successfully");
        }
        assert_eq!(app.count(PROFILES).await, 1);
    }

    async fn a_key_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        for key in ["", &"x".repeat(256)] {
            let refused = ada.client.with("idempotency-key", key).post("/users", &ada.profile()).await;
            assert_eq!(refused.expect(400)["code"], "invalid_idempotency_key");
        }
        let longest = ada.client.with("idempotency-key", &"x".repeat(255));
        longest.post("/users", &ada.profile()).await.expect(200);
    }

    async fn a_key_opens_nothing_that_is_anothers(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        let key = "key";
        ada.client.with("idempotency-key", key).post("/users", &ada.profile()).await.expect(200);
        let bobs = bob.client.with("idempotency-key", key);
        bobs.post("/users", &ada.profile()).await.expect_error(403, "You can only create your own profile");
    }
}
