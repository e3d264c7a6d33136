//! What auth tells everybody.

use kit_testing::db::TestTarget;
use kit_testing::{Fixture, ISSUER, on_both_databases};
use serde_json::json;

use crate::app::AuthApp;

#[tokio::test]
async fn the_greeting_names_every_route() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[]).await;
        let home = app.client().get("/").await.expect(200);
        assert_eq!(home["status"], "ok");
        assert_eq!(home["message"], "API is running");
        for (name, path) in [
            ("health", "/"),
            ("register", "/register"),
            ("login", "/login"),
            ("validate", "/validate"),
        ] {
            assert_eq!(home["endpoints"][name], path);
        }
        let named = home["endpoints"].as_object().unwrap();
        for route in auth_api::routes().routes {
            assert!(
                named.values().any(|path| path == route.pattern),
                "{}",
                route.pattern
            );
        }
    })
    .await;
}

/// Whoever keeps them for as long as they may has a new one before anything is signed with it.
#[tokio::test]
async fn keys_may_be_kept_until_a_new_one_could_sign_and_never_for_long() {
    for (ahead, kept) in [("15s", 15), ("59999ms", 59), ("1h", 60), ("2s", 2)] {
        Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
            let app = AuthApp::start(fixture, &[("auth.key_publish_ahead", ahead)]).await;
            let reply = app.client().get("/.well-known/jwks.json").await;
            reply.expect(200);
            assert_eq!(
                reply.header("cache-control"),
                format!("public, max-age={kept}"),
                "{ahead}"
            );
            assert_eq!(reply.header("content-type"), "application/json");
        })
        .await;
    }
}

#[tokio::test]
async fn the_metadata_says_where_things_are() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[]).await;
        let metadata = app.client().get("/.well-known/oauth-authorization-server").await;
        assert_eq!(
            metadata.expect(200),
            json!({
                "issuer": ISSUER,
                "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
                "token_endpoint": format!("{ISSUER}/api/login"),
                "registration_endpoint": format!("{ISSUER}/api/register"),
                "response_types_supported": [],
                "token_signing_alg_values_supported": ["EdDSA"],
            })
        );
    })
    .await;
}

on_both_databases! {
    async fn auth_is_ready_once_it_has_database_and_keys(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let report = app.process.readiness.report().await;
        let names: Vec<_> = report.checks.iter().map(|check| check.name.as_str()).collect();
        assert_eq!(names, ["auth.database", "token.keys"]);
        assert!(report.ready, "{report:?}");
    }
}
