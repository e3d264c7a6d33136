//! One's own profile, and the one case in which users asks auth.

use std::time::Duration;

use auth_api::AuthError;
use futures::future::join_all;
use kit_db::{Reader, sql};
use kit_rpc::Actor;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{HasProfile as _, PROFILES, UsersApp, gate};

on_both_databases! {
    async fn saving_makes_a_profile_with_what_auth_knows(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let made = ada.client.put("/profile", &json!({ "full_name": "Ada Lovelace" })).await;
        assert_eq!(
            made.expect(200),
            json!({ "user_id": ada.id, "message": "Profile created successfully" })
        );
        let seen = ada.client.get("/profile").await;
        assert_eq!(
            seen.expect(200),
            json!({
                "user_id": ada.id, "username": "ada", "email": "ada@auth.example",
                "full_name": "Ada Lovelace", "bio": null, "created_at": "2030-01-01T00:00:00.000000Z",
            })
        );
        assert_eq!(made.header("etag"), seen.header("etag"));
        assert!(!made.header("etag").is_empty());

        let changed = ada.client.put("/profile", &json!({ "bio": "Writes programs" })).await;
        assert_eq!(
            changed.expect(200),
            json!({ "user_id": ada.id, "message": "Profile updated successfully" })
        );
        assert_eq!(ada.seen().await["full_name"], "Ada Lovelace");
        assert_eq!(ada.seen().await["bio"], "Writes programs");
        assert_eq!(changed.header("etag"), ada.etag().await);
        assert_eq!(app.auth.calls().len(), 1, "auth is asked for the first only");
    }

    async fn an_empty_wish_makes_an_empty_profile(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        ada.client.put("/profile", &json!({})).await.expect(200);
        assert_eq!(ada.seen().await["full_name"], json!(null));
        assert_eq!(ada.seen().await["email"], "ada@auth.example");
    }

    async fn nothing_else_makes_a_profile(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        ada.client.get("/profile").await.expect_error(404, "User not found");
        ada.client.get(&ada.path()).await.expect_error(404, "User not found");
        ada.client.get("/users").await.expect(200);
        ada.client.put(&ada.path(), &json!({})).await.expect_error(404, "User not found");
        ada.client.put("/profile", &json!({ "bio": 1 })).await.expect(400);
        ada.client.put("/profile", &json!({ "bio": "x".repeat(2001) })).await.expect(400);
        assert_eq!(app.count(PROFILES).await, 0);
        assert!(app.auth.calls().is_empty(), "bad input does not go as far as auth");
    }

    async fn while_auth_is_away_no_profile_is_made_but_any_is_changed(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.settle("ada").await, app.sign_up("bob"));
        for error in [AuthError::Unavailable, AuthError::Unknown] {
            app.auth.fail(error);
            let refused = bob.client.put("/profile", &json!({ "bio": "x" })).await;
            refused.expect_error(503, "Auth service unavailable");
            assert!(!refused.header("retry-after").is_empty());
            assert_eq!(app.count(PROFILES).await, 1);
            ada.client.put("/profile", &json!({ "bio": "still here" })).await.expect(200);
            ada.client.get("/profile").await.expect(200);
            ada.client.get("/users").await.expect(200);
        }
        assert!(app.process.readiness.report().await.ready, "users goes on");
        app.auth.fail(None);
        bob.client.put("/profile", &json!({ "bio": "x" })).await.expect(200);
    }

    async fn an_account_that_auth_does_not_know_gets_no_profile(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth.fail(AuthError::NotFound("User".into()));
        ada.client.put("/profile", &json!({})).await.expect_error(404, "User not found");
        app.auth.fail(AuthError::Internal);
        ada.client.put("/profile", &json!({})).await.expect_error(500, "internal error");
        assert_eq!(app.count(PROFILES).await, 0);
    }

    async fn auth_that_does_not_answer_is_not_waited_for(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        // Nobody opens it.
        let (gate, mut gate_handle) = gate();
        app.auth.wait_at(gate);
        let refused = ada.client.put("/profile", &json!({})).await;
        refused.expect_error(503, "Auth service unavailable");
        assert_eq!((gate_handle.next().await, gate_handle.next().await), ("came", "left"));
        assert_eq!(app.count(PROFILES).await, 0);
    }

    async fn auth_is_asked_by_users_as_a_part_of_the_request(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let client = ada.client.with("traceparent", trace).with("x-request-id", "req_story");
        client.put("/profile", &json!({})).await.expect(200);
        let calls = app.auth.calls();
        let [call] = calls.as_slice() else {
            panic!("one call, not {}", calls.len());
        };
        assert_eq!(*call.actor(), Actor::Service("users".into()));
        assert_eq!(call.request_id().map(|id| &**id), Some("req_story"));
        assert_eq!(call.trace().unwrap().trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(call.deadline().remaining() <= Duration::from_secs(2));
    }

    async fn what_is_told_of_a_profile_belongs_to_the_trace_of_its_request(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let client = ada.client.with("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
        client.put("/profile", &json!({})).await.expect(200);
        client.put(&ada.path(), &json!({ "bio": "Writes programs" })).await.expect(200);
        client.delete(&ada.path()).await.expect(200);
        let headers = app.db.read(async |reader: &mut Reader| {
            let rows = sql("SELECT headers FROM outbox ORDER BY position").all(reader).await?;
            rows.iter().map(|row| row.get::<String>("headers")).collect::<Result<Vec<_>, _>>()
        });
        let headers = headers.await.unwrap();
        assert_eq!(headers.len(), 3);
        assert!(headers.iter().all(|headers| headers.contains(trace)), "{headers:?}");
    }

    async fn who_saves_twenty_times_at_once_has_one_profile(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let saving = (0..20).map(|number| {
            let ada = ada.clone();
            async move {
                let member = if number % 2 == 0 { "bio" } else { "full_name" };
                ada.client.put("/profile", &json!({ member: "said" })).await
            }
        });
        let replies = join_all(saving).await;
        let created = replies
            .iter()
            .filter(|reply| reply.expect(200)["message"] == "Profile created successfully")
            .count();
        assert_eq!(created, 1);
        let seen = ada.seen().await;
        assert_eq!((&seen["bio"], &seen["full_name"]), (&json!("said"), &json!("said")), "no wish is lost");
        let mut tags: Vec<_> = replies.iter().map(|reply| reply.header("etag").to_owned()).collect();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 20, "each is a version of its own");
    }

    async fn a_profile_made_while_auth_was_asked_is_changed_instead(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.sign_up("ada");
        let (gate, mut gate_handle) = gate();
        app.auth.wait_at(gate);
        let change = json!({ "bio": "from saving" });
        let saving = ada.client.put("/profile", &change);
        let meanwhile = async {
            assert_eq!(gate_handle.next().await, "came");
            ada.client.post("/users", &ada.profile()).await.expect(200);
            gate_handle.open();
        };
        let (saved, ()) = tokio::join!(saving, meanwhile);
        assert_eq!(saved.expect(200)["message"], "Profile updated successfully");
        let seen = ada.seen().await;
        assert_eq!((&seen["bio"], &seen["full_name"]), (&json!("from saving"), &json!("Ada Lovelace")));
        assert_eq!(seen["email"], "ada@example.com");
    }
}
