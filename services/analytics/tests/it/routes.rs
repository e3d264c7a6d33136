//! What holds for every route, read off the route table.

use analytics_api::routes;
use http::Method;
use kit_http::{Access, Exposure};
use kit_testing::Identity;
use kit_testing::routes::{check_access, document, gaps_in_documentation};
use payments_api::TransactionPaid;
use serde_json::{Value, json};

use crate::world::{NOON, World, created, on_both_databases};

/// What the document says of an operation.
fn operation<'d>(document: &'d Value, method: &Method, pattern: &str) -> &'d Value {
    &document["paths"][pattern][method.as_str().to_ascii_lowercase()]
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
        assert_eq!(public, ["analytics_health", "get_stats"]);
        assert_eq!(asked, routes().routes.len() - 2);
    }

    async fn every_example_is_true(place: &Place) {
        let world = World::start(place).await;
        let (described, staff) = (document(&routes()), world.staff());
        let ada = Identity::customer("ada").user_id;
        world.payments.tell(created(ada, "850.50", NOON)).await;
        world.payments.tell(TransactionPaid { user_id: ada, transactions_paid: 1, timestamp: NOON }).await;
        world.until_stats((1, "850.50", 1, 2, 1)).await;
        let track = operation(&described, &Method::POST, "/track");
        let batch = &track["requestBody"]["content"]["application/json"]["example"];
        let tracked = world.stranger().post("/track", batch).await.expect(202);
        assert_eq!(tracked, track["responses"]["202"]["content"]["application/json"]["example"]);
        let mut tried = 1;
        for route in routes().routes {
            if route.method != Method::GET || route.operation == "stream_stats" {
                continue;
            }
            let path = route.pattern.replace("{id}", &ada.to_string());
            let answer = staff.get(&path).await.expect(200);
            let said = operation(&described, &route.method, route.pattern);
            let example = &said["responses"]["200"]["content"]["application/json"]["example"];
            assert_eq!(shape(&answer), shape(example), "{path}");
            tried += 1;
        }
        assert_eq!(tried, routes().routes.len() - 1, "the stream has stories of its own");
    }
}

#[test]
fn every_route_is_documented() {
    assert_eq!(gaps_in_documentation(&routes()), [""; 0]);
}

#[test]
fn the_table_has_the_routes_of_the_api_page() {
    let line = |route: kit_http::Route| {
        let gateway = match route.exposure {
            Exposure::Gateway => route.access_at_gateway().as_str(),
            Exposure::OwnPort => "nobody",
        };
        let own = route.access.as_str();
        format!(
            "{} {}: {own}, through the gateway {gateway}",
            route.method, route.pattern
        )
    };
    let table: Vec<_> = routes().routes.into_iter().map(line).collect();
    assert_eq!(
        table,
        [
            "GET /health: public, through the gateway nobody",
            "GET /stats: public, through the gateway staff",
            "GET /stats/users: staff, through the gateway staff",
            "GET /stats/users/{id}: own, through the gateway own",
            "GET /stats/timeseries: staff, through the gateway staff",
            "GET /stats/stream: staff, through the gateway staff",
            "GET /stats/top-products: staff, through the gateway staff",
            "GET /stats/funnel: staff, through the gateway staff",
            "POST /track: guest, through the gateway guest",
        ]
    );
}
