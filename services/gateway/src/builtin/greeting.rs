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

#[cfg(test)]
mod tests {
    use kit_http::{Access, RouteTable};

    use super::*;

    #[test]
    fn the_routes_that_the_contract_names_have_its_names() {
        let route = |method: Method, pattern, operation| Route::new(method, pattern, operation, Access::User);
        let users = RouteTable::new(
            "users",
            vec![
                route(Method::GET, "/", "greet").own_port(),
                route(Method::GET, "/users", "list_users"),
                route(Method::POST, "/users", "create_user"),
                route(Method::GET, "/users/{id}", "get_user"),
                route(Method::PUT, "/users/{id}", "update_user"),
                route(Method::DELETE, "/users/{id}", "delete_user"),
                route(Method::GET, "/profile", "get_profile"),
            ],
        );
        let mounted = Mounted {
            table: &users,
            number: 0,
        };
        assert_eq!(
            document(&[mounted])["routes"],
            json!({"users": {
                "get_all": "GET /api/users",
                "create": "POST /api/users",
                "get_one": "GET /api/users/:id",
                "update": "PUT /api/users/:id",
                "delete": "DELETE /api/users/:id",
                "get_profile": "GET /api/profile",
            }})
        );
    }

    #[test]
    fn what_stands_in_the_page_is_text() {
        let line = RouteLine {
            method: "GET".to_owned(),
            path: "/<b>&".to_owned(),
            access: "public",
            target: "users".to_owned(),
            operation: "op",
        };
        let page = page(&[line]);
        assert!(page.contains("<code>/&lt;b&gt;&amp;</code>") && !page.contains("{{"));
    }
}
