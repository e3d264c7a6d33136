//! Who may come in, and what the others are told.

use std::time::Duration;

use kit_testing::{Identity, on_both_databases};
use serde_json::json;

use crate::app::{HasProfile as _, UsersApp, users};

on_both_databases! {
    async fn users_greets_everybody(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        assert_eq!(
            app.stranger().get("/").await.expect(200),
            json!({ "status": "ok", "service": "user-service", "message": "User service is running" })
        );
    }

    async fn each_way_of_not_being_signed_in_has_its_message(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (stranger, ada) = (app.stranger(), app.sign_up("ada"));
        stranger.get("/users").await.expect_error(401, "Missing authorization header");
        let format = "Invalid authorization header format";
        for header in ["Basic abc", "Bearer", &ada.token, &format!("Token {}", ada.token), "Bearer a b"] {
            stranger.with("authorization", header).get("/users").await.expect_error(401, format);
        }
        let invalid = "Invalid or expired token";
        for token in ["a.b.c", "x", &format!("{}x", ada.token), &ada.token[..ada.token.len() - 2]] {
            stranger.with_token(token).get("/users").await.expect_error(401, invalid);
        }
        app.process.time.advance(Duration::from_secs(3600 + 31));
        ada.client.get("/users").await.expect_error(401, invalid);
    }

    async fn users_goes_on_with_keys_alone(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        app.auth.fail(auth_api::AuthError::Unavailable);
        let ada = app.settle("ada").await;
        ada.client.get("/users").await.expect(200);
        ada.client.delete(&ada.path()).await.expect(200);
        assert!(app.auth.calls().is_empty(), "nobody asks auth about a token");
    }

    async fn without_keys_nobody_can_be_judged(fixture: &Fixture) {
        let (app, auth) = users(fixture);
        let app = app.out_of_reach(auth_api::TOPICS).without_keys().start().await;
        let app = UsersApp::of(app, auth);
        let ada = app.person(Identity::customer("ada"));
        for reply in [
            ada.client.get("/users").await,
            ada.client.post("/users", &ada.profile()).await,
            ada.client.put("/profile", &json!({})).await,
            ada.client.delete(&ada.path()).await,
        ] {
            reply.expect_error(503, "Auth service unavailable");
            assert!(!reply.header("retry-after").is_empty());
        }
        app.stranger().get("/users").await.expect_error(401, "Missing authorization header");
        app.stranger().get("/").await.expect(200);
    }
}
