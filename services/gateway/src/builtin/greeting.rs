//! The health document and the page, both made from the routes.

use std::fmt::Write as _;

use http::Method;
use kit_http::{Exposure, Route};
use serde_json::{Map, Value, json};

use crate::mount::Mounted;
use crate::table::RouteLine;

const PAGE: &str = include_str!("../../assets/page.html");

/// Names that the public contract fixes; every other route goes by its operation.
const FIXED: [(&str, Method, &str, &str); 8] = [
    ("auth", Method::POST, "/register", "register"),
    ("auth", Method::POST, "/login", "login"),
    ("auth", Method::POST, "/validate", "validate"),
    ("users", Method::GET, "/users", "get_all"),
    ("users", Method::POST, "/users", "create"),
    ("users", Method::GET, "/users/{id}", "get_one"),
    ("users", Method::PUT, "/users/{id}", "update"),
    ("users", Method::DELETE, "/users/{id}", "delete"),
];

/// `GET /` for programs.
pub(super) fn document(services: &[Mounted<'_>]) -> Value {
    let mut routes = Map::new();
    for service in services {
        let mut listed = Map::new();
        let public = service.table.routes.iter();
        for route in public.filter(|route| route.exposure == Exposure::Gateway) {
            let path = colons(&service.first_path(route));
            let key = key(service.table.service, route).to_owned();
            listed.insert(key, json!(format!("{} {path}", route.method)));
        }
        routes.insert(service.table.service.to_owned(), Value::Object(listed));
    }
    json!({
        "status": "ok",
        "service": "gateway-service",
        "message": "Gateway service is running",
        "routes": routes,
    })
}

/// `GET /` for browsers.
pub(super) fn page(lines: &[RouteLine]) -> String {
    let rows = lines.iter().fold(String::new(), |mut rows, line| {
        let (method, path, access) = (escaped(&line.method), escaped(&line.path), line.access);
        let _ = writeln!(
            rows,
            "          <tr><td>{method}</td><td><code>{path}</code></td><td>{access}</td></tr>"
        );
        rows
    });
    PAGE.replace("{{routes}}\n", &rows)
}

fn key(service: &str, route: &Route) -> &'static str {
    FIXED
        .iter()
        .find(|(owner, method, pattern, _)| {
            *owner == service && *method == route.method && *pattern == route.pattern
        })
        .map_or(route.operation, |(.., key)| key)
}

/// `/users/{id}` as `/users/:id`.
fn colons(pattern: &str) -> String {
    pattern.replace("{*", ":").replace('{', ":").replace('}', "")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
