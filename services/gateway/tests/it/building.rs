//! A gateway whose routes are not right does not start, and says why at once.

use gateway::{Backend, Gateway, GatewayConfig, GatewayDeps};
use http::Method;
use kit_http::{Access, Route, RouteTable};
use kit_runtime::{Clock, Lifecycle, Readiness};
use kit_service::PeerLocation;
use kit_telemetry::Metrics;

use crate::harness::{internal_keys, verifier};

fn get(pattern: &'static str, operation: &'static str) -> Route {
    Route::new(Method::GET, pattern, operation, Access::Public)
}

fn services(tables: Vec<RouteTable>) -> GatewayDeps {
    let hosted = |table: RouteTable| Backend {
        table: table.display("User"),
        location: PeerLocation::Hosted(axum::Router::new()),
    };
    GatewayDeps {
        verifier: verifier(),
        services: tables.into_iter().map(hosted).collect(),
        internal_keys: internal_keys(),
        tasks: Lifecycle::new().tasks(),
        readiness: Readiness::new(),
        clock: Clock::system(),
        redis: None,
        metrics: Metrics::new(),
    }
}

fn routes(json: &str) -> GatewayConfig {
    kit_config::test_values(&[("gateway.routes", json)])
}

fn refusal(config: GatewayConfig, deps: GatewayDeps) -> String {
    match Gateway::new(config, deps) {
        Ok(_) => "a gateway".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_routes_is_told_at_once() {
    let deps = services(vec![
        RouteTable::new(
            "users",
            vec![get("/users/{id}", "get"), get("/users/{id}.json", "bad")],
        ),
        RouteTable::new(
            "orders",
            vec![get("/users/{name}", "clash"), get("/orders", "list")],
        ),
    ]);
    let config = routes(
        r#"[
            {"prefix":"/a","target":"http://a"},
            {"pattern":"/%61pi/orders","target":"http://a","access":"public"},
            {"pattern":"/docs/{x}","methods":["GET"],"target":"http://a","access":"user"},
            {"prefix":"/b","target":"http://a","access":"public"},
            {"prefix":"/b/","methods":["POST"],"target":"http://a","access":"public"},
            {"prefix":"/c","pattern":"/c","target":"http://a","access":"own"},
            {"pattern":"/d","methods":["get","CONNECT"],"access":"everybody","strip_prefix":true}
        ]"#,
    );
    let message = refusal(config, deps);
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "the gateway's routes are not usable:",
            "`bad` of `users`: `/api/users/{id}.json` has a parameter that is not a whole segment",
            "route `GET /api/users/{name}` (orders) overlaps with `GET /api/users/{id}` (users)",
            "route `ANY /a/*` declares no access",
            "route `ANY /%61pi/orders` (external) overlaps with `GET /api/orders` (orders)",
            "route `GET /docs/{x}` (external) overlaps with `GET /docs/{asset}` (gateway)",
            "route `POST /b/*` (external) overlaps with `ANY /b/*` (external)",
            "route `ANY /c`: needs either `pattern` or `prefix`",
            "route `ANY /c`: `own` needs a service that knows the owner; use `user`",
            "route `get,CONNECT /d`: `get` is no method; write it in capitals",
            "route `get,CONNECT /d`: `strip_prefix` needs a `prefix`",
            "route `get,CONNECT /d`: access `everybody` is not `public`, `user`, `staff` or `admin`",
            "route `get,CONNECT /d`: declares no `target`",
        ]
    );
}

#[tokio::test]
async fn services_stand_where_the_manual_says() {
    let table = |service, pattern| RouteTable::new(service, vec![get(pattern, "op")]);
    let deps = services(vec![
        RouteTable::new(
            "auth",
            vec![get("/login", "login"), get("/.well-known/jwks.json", "jwks")],
        )
        .under(&["/api", "/auth"]),
        table("payments", "/pay").under(&["/api", "/payment"]),
        table("analytics", "/stats").under(&["/api", "/analytics"]),
        table("storage", "/plans").under(&["/api/storage", "/storage"]),
        table("queues", "/plans").under(&["/api/adapters/queues"]),
        table("orders", "/orders"),
    ]);
    let tables: Vec<RouteTable> = deps
        .services
        .iter()
        .map(|backend| backend.table.clone())
        .collect();
    let listed = gateway::list_routes(&GatewayConfig::defaults(), &tables).unwrap();
    let gateway = Gateway::new(GatewayConfig::defaults(), deps).unwrap();
    assert_eq!(gateway.routes(), listed);
    let paths: Vec<&str> = listed
        .iter()
        .filter(|line| line.target != "gateway")
        .map(|line| line.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "/api/login",
            "/auth/login",
            "/.well-known/jwks.json",
            "/api/pay",
            "/payment/pay",
            "/api/stats",
            "/analytics/stats",
            "/api/storage/plans",
            "/storage/plans",
            "/api/adapters/queues/plans",
            "/api/orders",
        ]
    );
}
