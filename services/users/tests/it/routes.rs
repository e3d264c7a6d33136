//! What holds for every route, read off the route table.

use http::Method;
use kit_http::{Access, Exposure};
use kit_testing::Identity;
use kit_testing::routes::{check_access, document, gaps_in_documentation};
use serde_json::{Value, json};
use users_api::routes;

use crate::world::{Person, World, on_both_databases};

/// A route's path with this person's identifier in the place of each parameter.
fn path_for(pattern: &str, person: &Person) -> String {
    let filled = |part: &str| {
        if part.starts_with('{') {
            person.id.clone()
        } else {
            part.to_owned()
        }
    };
    pattern.split('/').map(filled).collect::<Vec<_>>().join("/")
}

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
        assert_eq!(public, ["users_health"]);
        assert_eq!(asked, routes().routes.len() - 1);
    }

    async fn every_route_of_an_owner_refuses_others(place: &Place) {
        let world = World::start(place).await;
        let (ada, eve) = (world.settle("ada").await, world.settle("eve").await);
        let (before, tag) = (ada.seen().await, ada.etag().await);
        let described = document(&routes());
        let mut tried = Vec::new();
        for route in routes().routes.iter().filter(|route| route.access == Access::Own) {
            let body = &operation(&described, &route.method, route.pattern)["requestBody"]["content"];
            let example = body["application/json"]["example"].clone();
            let body = (!example.is_null()).then_some(&example);
            let path = path_for(route.pattern, &ada);
            assert!(path.contains(&ada.id), "`{}` names its owner", route.operation);
            let refused = eve.client.send(route.method.clone(), &path, body).await;
            refused.refused(403, "You can only modify your own profile");
            tried.push(route.operation);
        }
        assert_eq!(tried, ["update_user", "delete_user"]);
        assert_eq!((ada.seen().await, ada.etag().await), (before, tag));
    }

    async fn every_example_is_true(place: &Place) {
        let world = World::start(place).await;
        let admin = world.admin();
        let described = document(&routes());
        // The examples' own user, so that paths, bodies and answers speak of the same.
        let create = operation(&described, &Method::POST, "/users");
        let id = create["requestBody"]["content"]["application/json"]["example"]["user_id"].as_str();
        let hers = Person { id: id.unwrap().to_owned(), ..admin.clone() };
        // In an order in which each finds what it needs.
        for (method, pattern) in [
            (Method::GET, "/"), (Method::POST, "/users"), (Method::GET, "/users"), (Method::GET, "/users/{id}"),
            (Method::PUT, "/profile"), (Method::GET, "/profile"), (Method::PUT, "/users/{id}"),
            (Method::DELETE, "/users/{id}"),
        ] {
            let said = operation(&described, &method, pattern);
            let body = &said["requestBody"]["content"]["application/json"]["example"];
            let body = (!body.is_null()).then_some(body);
            let answer = &said["responses"]["200"]["content"]["application/json"]["example"];
            let reply = admin.client.send(method.clone(), &path_for(pattern, &hers), body).await.expect(200);
            assert_eq!(shape(&reply), shape(answer), "{method} {pattern}");
            if pattern == "/users" && method == Method::GET {
                assert_eq!(&reply, answer, "made of the example, at the examples' time");
            }
        }
        let tried = described["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
        assert_eq!(tried.sum::<usize>(), 8, "no route was forgotten here");
    }
}

/// A value with the names of its members and nothing in them.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.keys().map(|name| (name.clone(), json!(null))).collect(),
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
            "GET /users user",
            "POST /users user",
            "GET /users/{id} user",
            "PUT /users/{id} own",
            "DELETE /users/{id} own",
            "GET /profile user",
            "PUT /profile user",
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
fn what_creates_takes_a_key_and_what_changes_a_version() {
    let described = document(&routes());
    for route in routes().routes {
        let said = operation(&described, &route.method, route.pattern);
        let headers = said["parameters"].as_array().into_iter().flatten();
        let headers: Vec<_> = headers
            .filter(|parameter| parameter["in"] == "header")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let expected: &[&str] = match route.method {
            Method::POST => &["Idempotency-Key"],
            Method::PUT | Method::DELETE => &["If-Match"],
            _ => &[],
        };
        assert_eq!(headers, expected, "`{}`", route.operation);
    }
}
