//! What holds for every route, read off the route table.

use auth_api::routes;
use kit_http::{RateClass, Route};
use kit_testing::routes::document;
use kit_testing::{App, Examples, Fixture, on_both_databases};
use serde_json::json;

use crate::app::{AuthApp, PASSWORD, builder, members};
use crate::held::{ADMIN, Held};

/// Auth, which believes whom the tests sign in.
async fn start(fixture: &Fixture) -> App {
    builder(fixture, &[]).start().await
}

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "POST /register public, strict",
        "POST /login public, strict",
        "POST /validate public",
        "GET /me user",
        "GET /.well-known/jwks.json public",
        "GET /.well-known/oauth-authorization-server public",
        "GET /setup public",
        "POST /setup public, strict",
        "POST /refresh public",
        "POST /logout user",
        "GET /sessions user",
        "DELETE /sessions/{id} own",
        "DELETE /sessions user",
        "POST /password user, strict",
        "POST /password/forgot public, strict",
        "POST /password/reset public, strict",
        "POST /email/confirm public, strict",
        "POST /email/confirm/resend public, strict",
        "GET /admin/accounts admin",
        "GET /admin/accounts/{id} admin",
        "PATCH /admin/accounts/{id} admin, conditional",
        "DELETE /admin/accounts/{id}/sessions admin",
        "GET /admin/keys admin",
        "POST /admin/keys/rotate admin",
        "POST /admin/keys/{kid}/withdraw admin",
        "GET /admin/audit admin",
    ];
}

/// Whoever tries passwords makes work and may guess, so there the gateway counts more strictly.
#[test]
fn every_route_that_takes_a_password_is_strict() {
    let table = routes();
    let document = document(&table);
    let takes_password = |route: &&Route| {
        let method = route.method.as_str().to_ascii_lowercase();
        let content = &document["paths"][route.pattern][method]["requestBody"]["content"];
        let kinds = content.as_object().into_iter().flat_map(|kinds| kinds.values());
        let mut names = kinds.flat_map(|kind| members(&kind["example"]));
        names.any(|name| name.contains("password"))
    };
    let found: Vec<_> = table.routes.iter().filter(takes_password).collect();
    let names: Vec<_> = found.iter().map(|route| route.operation).collect();
    assert_eq!(
        names,
        ["register", "login", "setup", "change_password", "reset_password"]
    );
    for route in found {
        assert_eq!(route.rate, RateClass::Strict, "{}", route.operation);
    }
}

#[test]
fn a_body_that_may_be_left_out_is_said_to_be_optional() {
    let document = document(&routes());
    let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
    assert_eq!(required("/logout"), false);
    assert_eq!(required("/refresh"), true);
}

on_both_databases! {
    /// What is sent as the document's example is accepted, and answered as the document's example says.
    async fn the_examples_of_the_document_are_true(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[&ADMIN[..], &[("auth.algorithm", "RS256")]].concat()).await;
        let (stranger, root) = (app.client(), app.begin_again("root").await);
        let mut examples = Examples::of(routes());
        let (registered, _) = examples.check(&stranger, "register", "/register").await;
        let (session, _) = examples.check(&stranger, "login", "/login").await;
        let ada = Held::of(&session);
        assert_eq!(*examples.body("login"), json!({ "username": "ada", "password": PASSWORD }));
        for (operation, path) in [
            ("metadata", "/.well-known/oauth-authorization-server"),
            ("jwks", "/.well-known/jwks.json"),
        ] {
            examples.check(&stranger, operation, path).await;
        }
        for (operation, path) in [
            ("me", "/me"),
            ("list_sessions", "/sessions"),
            ("change_password", "/password"),
        ] {
            examples.check(&app.of(&ada), operation, path).await;
        }
        let other = Held::of(&app.log_in("ada", "staple-horse-battery-10").await.expect(200));
        examples.check(&app.of(&ada), "end_session", &format!("/sessions/{}", other.session_id())).await;
        examples.check(&app.of(&ada), "end_other_sessions", "/sessions").await;
        examples.check(&app.of(&ada), "logout", "/logout").await;
        let account = format!("/admin/accounts/{}", registered["user_id"].as_str().unwrap());
        for (operation, path) in [
            ("list_accounts", "/admin/accounts"),
            ("get_account", &account),
            ("patch_account", &account),
            ("end_account_sessions", &format!("{account}/sessions")),
            ("list_keys", "/admin/keys"),
            ("list_audit", "/admin/audit"),
        ] {
            examples.check(&app.of(&root), operation, path).await;
        }
        let (ring, _) = examples.check(&app.of(&root), "rotate_keys", "/admin/keys/rotate").await;
        let next = format!("/admin/keys/{}/withdraw", ring["items"][1]["kid"].as_str().unwrap());
        examples.check(&app.of(&root), "withdraw_key", &next).await;
        for (operation, path) in [
            ("forgot_password", "/password/forgot"), ("resend_confirmation", "/email/confirm/resend"),
        ] {
            let (said, example) = examples.check(&stranger, operation, path).await;
            assert_eq!(said, example);
        }
        // Tokens are only drawn there, pages are no JSON, and the index names every route.
        assert_eq!(examples.untried(), ["auth_home", "validate", "setup_page", "setup", "refresh", "reset_password", "confirm_email"]);
        let example = |operation: &str| {
            examples.operation(operation)["responses"]["200"]["content"]["application/json"]["example"].clone()
        };
        assert_eq!(members(&stranger.get("/").await.expect(200)), members(&example("auth_home")));
        let drawn = stranger.post("/validate", examples.body("validate")).await;
        drawn.expect_error(401, "Invalid or malformed token");
        let validated = app.validate(&root.token).await.expect(200);
        assert_eq!(members(&validated), members(&example("validate")));
    }
}
