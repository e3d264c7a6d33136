//! What holds for every route, read off the route table.

use http::Method;
use kit_http::{Access, Exposure, RateClass};
use kit_testing::Identity;
use kit_testing::routes::{check_access, document, gaps_in_documentation};
use payments_api::routes;
use serde_json::{Value, json};

use crate::world::{TRANSACTIONS, World, on_both_databases};

/// What the document says of an operation.
fn operation<'d>(document: &'d Value, method: &Method, pattern: &str) -> &'d Value {
    &document["paths"][pattern][method.as_str().to_ascii_lowercase()]
}

on_both_databases! {
    async fn every_route_asks_who_is_there(place: &Place) {
        let world = World::start(place).await;
        let sign = |role| world.process.sign_in(&Identity::new("ada", role));
        let asked = check_access(&routes(), &world.stranger(), sign).await;
        let public: Vec<_> = routes()
            .routes
            .into_iter()
            .filter(|route| route.access == Access::Public)
            .map(|route| route.operation)
            .collect();
        assert_eq!(public, ["payments_health"]);
        assert_eq!(asked, routes().routes.len() - 1);
        assert_eq!(world.count(TRANSACTIONS).await, 0);
    }

    async fn every_example_is_true(place: &Place) {
        let world = World::start(place).await;
        let clerk = world.staff();
        let described = document(&routes());
        // In an order in which each finds what it needs.
        for (method, pattern, status) in [
            (Method::GET, "/", 200), (Method::POST, "/transactions", 201), (Method::GET, "/transactions/list", 200),
            (Method::GET, "/transactions", 200), (Method::GET, "/admin/ledger", 200),
            (Method::POST, "/transactions/pay", 200),
        ] {
            let said = operation(&described, &method, pattern);
            let body = &said["requestBody"]["content"]["application/json"]["example"];
            let body = (!body.is_null()).then_some(body);
            let answer = &said["responses"][status.to_string()]["content"]["application/json"]["example"];
            let reply = clerk.client.send(method.clone(), pattern, body).await.expect(status);
            assert_eq!(shape(&reply), shape(answer), "{method} {pattern}");
            if pattern == "/transactions/pay" {
                assert_eq!(&reply, answer, "of what the example made");
            }
        }
        let tried = described["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
        assert_eq!(tried.sum::<usize>(), 6, "no route was forgotten here");
    }
}

/// A value with the names of its members and nothing in them.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        _ => json!(null),
    }
}

#[test]
fn every_route_is_documented() {
    assert_eq!(gaps_in_documentation(&routes()), [""; 0]);
}

#[test]
fn the_table_has_the_routes_of_the_api_page() {
    let table: Vec<_> = routes()
        .routes
        .iter()
        .map(|route| format!("{} {} {}", route.method, route.pattern, route.access.as_str()))
        .collect();
    assert_eq!(
        table,
        [
            "GET / public",
            "POST /transactions user",
            "GET /transactions/list user",
            "GET /transactions user",
            "POST /transactions/pay user",
            "GET /admin/ledger staff",
        ]
    );
    for route in routes().routes {
        let own_port = route.exposure == Exposure::OwnPort;
        assert_eq!(
            own_port,
            route.pattern == "/",
            "`{}` is reached through the gateway",
            route.operation
        );
    }
}

#[test]
fn what_moves_money_takes_a_key_and_is_called_now_and_then() {
    let described = document(&routes());
    for route in routes().routes {
        let said = operation(&described, &route.method, route.pattern);
        let headers = said["parameters"].as_array().into_iter().flatten();
        let headers: Vec<_> = headers
            .filter(|parameter| parameter["in"] == "header")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let (expected, rate): (&[&str], _) = match route.method {
            Method::POST => (&["Idempotency-Key"], RateClass::Strict),
            _ => (&[], RateClass::Normal),
        };
        assert_eq!(
            (headers.as_slice(), route.rate),
            (expected, rate),
            "`{}`",
            route.operation
        );
    }
}
