//! Who may come in, and what the others are told.

use std::time::Duration;

use kit_testing::{AUDIENCE, ISSUER, Identity};
use kit_token::{Verifier, VerifierRules};
use serde_json::json;

use crate::world::{World, on_both_databases};

on_both_databases! {
    async fn users_greets_everybody(place: &Place) {
        let world = World::start(place).await;
        assert_eq!(
            world.stranger().get("/").await.expect(200),
            json!({ "status": "ok", "service": "user-service", "message": "User service is running" })
        );
    }

    async fn each_way_of_not_being_signed_in_has_its_message(place: &Place) {
        let world = World::start(place).await;
        let (stranger, ada) = (world.stranger(), world.sign_up("ada"));
        stranger.get("/users").await.refused(401, "Missing authorization header");
        let format = "Invalid authorization header format";
        for header in ["Basic abc", "Bearer", &ada.token, &format!("Token {}", ada.token), "Bearer a b"] {
            stranger.with("authorization", header).get("/users").await.refused(401, format);
        }
        let invalid = "Invalid or expired token";
        for token in ["a.b.c", "x", &format!("{}x", ada.token), &ada.token[..ada.token.len() - 2]] {
            stranger.with_token(token).get("/users").await.refused(401, invalid);
        }
        world.process.time.advance(Duration::from_secs(3600 + 31));
        ada.client.get("/users").await.refused(401, invalid);
    }

    async fn users_goes_on_with_keys_alone(place: &Place) {
        let world = World::start(place).await;
        world.auth.fail(auth_api::AuthError::Unavailable);
        let ada = world.settle("ada").await;
        ada.client.get("/users").await.expect(200);
        ada.client.delete(&ada.path()).await.expect(200);
        assert!(world.auth.calls().is_empty(), "nobody asks auth about a token");
    }

    async fn without_keys_nobody_can_be_judged(place: &Place) {
        let process = place.process();
        let rules = VerifierRules {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            max_lifetime: Duration::from_hours(24),
            leeway: Duration::from_secs(30),
        };
        let verifier = Verifier::new(rules, process.clock()).unwrap();
        let world = World::start_with(process, place.target(), verifier).await;
        let ada = world.person(Identity::customer("ada"));
        for reply in [
            ada.client.get("/users").await,
            ada.client.post("/users", &ada.profile()).await,
            ada.client.put("/profile", &json!({})).await,
            ada.client.delete(&ada.path()).await,
        ] {
            reply.refused(503, "Auth service unavailable");
            assert!(!reply.header("retry-after").is_empty());
        }
        world.stranger().get("/users").await.refused(401, "Missing authorization header");
        world.stranger().get("/").await.expect(200);
    }
}
