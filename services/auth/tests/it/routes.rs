//! What holds for every route, read off the table: nothing here names one.

use kit_http::{RateClass, Route};
use kit_testing::db::TestTarget;
use kit_testing::{Identity, routes};
use kit_token::Role;
use serde_json::{Value, json};

use crate::world::{PASSWORD, Place, World, at, members};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_asks_for_who_may_call_it() {
    at(TestTarget::sqlite(), async |place: &Place| {
        let world = World::start(place, &[]).await;
        let key = place.signing_key();
        let now = world.process.clock().now();
        let sign = |role: Role| key.sign(&Identity::new("somebody", role).claims(now));
        let asked = routes::check_access(&auth_api::routes(), &world.client(), sign).await;
        assert!(asked > 0, "there are routes for signed-in users");
    })
    .await;
}

#[test]
fn every_route_is_documented_with_examples() {
    assert_eq!(routes::gaps_in_documentation(&auth_api::routes()), [""; 0]);
}

/// Whoever tries passwords makes work and may guess, so there the gateway counts more strictly.
#[test]
fn every_route_that_takes_a_password_is_strict() {
    let table = auth_api::routes();
    let document = routes::document(&table);
    let takes_password = |route: &&Route| {
        let method = route.method.as_str().to_ascii_lowercase();
        let content = &document["paths"][route.pattern][method]["requestBody"]["content"];
        let kinds = content.as_object().into_iter().flat_map(|kinds| kinds.values());
        let mut names = kinds.flat_map(|kind| members(&kind["example"]));
        names.any(|name| name.contains("password"))
    };
    let found: Vec<_> = table.routes.iter().filter(takes_password).collect();
    let names: Vec<_> = found.iter().map(|route| route.operation).collect();
    assert_eq!(names, ["register", "login", "setup", "change_password"]);
    for route in found {
        assert_eq!(route.rate, RateClass::Strict, "{}", route.operation);
    }
}

#[test]
fn a_body_that_may_be_left_out_is_said_to_be_optional() {
    let document = routes::document(&auth_api::routes());
    let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
    assert_eq!(required("/logout"), false);
    assert_eq!(required("/refresh"), true);
}

/// What is sent as the document's example is accepted, and answered as the document's example says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_document_are_true() {
    at(TestTarget::sqlite(), async |place: &Place| {
        let world = World::start(place, &[]).await;
        let document = routes::document(&auth_api::routes());
        let body = |path: &str| {
            document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"].clone()
        };
        let answer = |path: &str, method: &str| {
            document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["example"]
                .clone()
        };
        let post = async |path: &str| world.client().post(path, &body(path)).await;
        let same_members = |said: &Value, example: &Value| {
            let sorted = |object| {
                let mut names = members(object);
                names.sort_unstable();
                names
            };
            assert_eq!(sorted(said), sorted(example), "{said}");
            assert!(!members(said).is_empty());
        };
        same_members(&post("/register").await.expect(200), &answer("/register", "post"));
        let session = post("/login").await.expect(200);
        same_members(&session, &answer("/login", "post"));
        // Its token is only drawn.
        post("/validate").await.refused(401, "Invalid or malformed token");
        let token = session["token"].as_str().unwrap();
        same_members(
            &world.validate(token).await.expect(200),
            &answer("/validate", "post"),
        );
        same_members(&world.me(token).await.expect(200), &answer("/me", "get"));
        for path in [
            "/",
            "/.well-known/oauth-authorization-server",
            "/.well-known/jwks.json",
        ] {
            same_members(&world.client().get(path).await.expect(200), &answer(path, "get"));
        }
        assert_eq!(body("/login"), json!({ "username": "ada", "password": PASSWORD }));
    })
    .await;
}
