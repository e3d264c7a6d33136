//! What holds for every route of every service, read off its table: so that a route which forgets it is
//! found by a test that nobody had to write.

use http::Method;
use kit_http::{Access, DocumentInfo, Exposure, RateClass, Route, RouteTable, document as openapi};
use kit_token::Role;
use serde_json::{Value, json};

use crate::client::Client;

/// The tests of every service's routes, from its table: who is asked who they are (on both databases), whether
/// everything is documented, and whether the table says what the service's API page says.
///
/// ```ignore
/// kit_testing::meta_tests! {
///     routes = orders_api::routes();
///     start = start;
///     table = [
///         "GET / public, own port",
///         "POST /orders user, idempotent, strict, fails closed",
///         "PUT /orders/{id} own, conditional",
///     ];
/// }
/// ```
#[macro_export]
macro_rules! meta_tests {
    (routes = $routes:expr; start = $start:path; table = [$($line:literal),+ $(,)?];) => {
        $crate::on_both_databases! {
            async fn every_route_asks_who_is_there(fixture: &Fixture) {
                let app = $start(fixture).await;
                let sign = |role| app.process.sign_in(&$crate::Identity::new("ada", role));
                $crate::routes::check_access(&$routes, &app.stranger(), sign).await;
            }
        }

        #[test]
        fn every_route_is_documented() {
            assert_eq!($crate::routes::gaps_in_documentation(&$routes), [""; 0]);
        }

        #[test]
        fn the_table_has_the_routes_of_the_api_page() {
            assert_eq!($crate::routes::lines(&$routes), [$($line),+]);
        }
    };
}

/// A line for each route: method, pattern, access, and what else holds for it.
#[must_use]
pub fn lines(table: &RouteTable) -> Vec<String> {
    let document = document(table);
    let line = |route: &Route| {
        let own = route.access.as_str();
        let mut line = format!("{} {} {own}", route.method, route.pattern);
        let mut say = |what: &str| line = format!("{line}, {what}");
        if route.exposure == Exposure::OwnPort {
            say("own port");
        }
        if route.access_at_gateway() != route.access {
            say(&format!("{} at the gateway", route.access_at_gateway().as_str()));
        }
        if route.is_idempotent {
            say("idempotent");
        }
        let method = route.method.as_str().to_ascii_lowercase();
        let parameters = document["paths"][route.pattern][method]["parameters"].as_array();
        if parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "If-Match")) {
            say("conditional");
        }
        if route.rate == RateClass::Strict {
            say("strict");
        }
        if route.fails_closed {
            say("fails closed");
        }
        line
    };
    table.routes.iter().map(line).collect()
}

/// An identifier that nothing has, in the place of each parameter.
const NOBODY: &str = "0190c2a4-7c1e-7b3e-9c53-000000000000";

/// Calls every route that is not public as a stranger, and those for a role as everybody below it; `sign`
/// makes a token for a role that the service believes. Returns how many routes looked at the token.
///
/// # Panics
/// When a route lets somebody in, or refuses in other words than all the others.
pub async fn check_access(table: &RouteTable, client: &Client, sign: impl Fn(Role) -> String) -> usize {
    let mut asked = 0;
    for route in &table.routes {
        if route.access == Access::Public {
            continue;
        }
        asked += 1;
        let path = path_of(route);
        let call = async |client: Client| client.send(route.method.clone(), &path, body_of(route)).await;
        let needed = route.access.required_role();
        let said = call(client.clone()).await;
        match needed {
            Some(_) => said.expect_error(401, "Missing authorization header"),
            None => assert_ne!(said.status, 401, "`{}` is for guests", route.operation),
        }
        for header in ["Bearer", "Basic Zm9v", "Bearer one two"] {
            let said = call(client.with("authorization", header)).await;
            said.expect_error(401, "Invalid authorization header format");
        }
        let mut bad = vec![
            "rubbish".to_owned(),
            format!("{}x", sign(Role::Admin)),
            "gat_x".to_owned(),
        ];
        if route.access != Access::Holder {
            // Well-formed, and not for this route.
            bad.push(format!("gat_{}", "A".repeat(43)));
        }
        for token in bad {
            let said = call(client.with_token(&token)).await;
            said.expect_error(401, "Invalid or expired token");
        }
        for role in Role::ALL {
            let client = client.with_token(&sign(role));
            if let Some(needed) = needed.filter(|needed| role < *needed) {
                let message = format!("this needs the role `{}`", needed.as_str());
                call(client).await.expect_error(403, &message);
                continue;
            }
            // What it answers may be a stream without an end.
            let status = client.status(route.method.clone(), &path, body_of(route)).await;
            assert_ne!(status, 401, "`{}` knows no {}", route.operation, role.as_str());
        }
    }
    asked
}

/// The document of one service's own port.
#[must_use]
pub fn document(table: &RouteTable) -> Value {
    let info = DocumentInfo {
        title: "test",
        version: "0",
        prefix: "",
    };
    openapi(info, std::slice::from_ref(table))
}

/// What the OpenAPI document fails to say of a table's routes, a line each; there should be none.
#[must_use]
pub fn gaps_in_documentation(table: &RouteTable) -> Vec<String> {
    let document = document(table);
    let mut gaps = Vec::new();
    for route in &table.routes {
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = &document["paths"][route.pattern][&method];
        let mut gap = |what: &str| gaps.push(format!("`{}` {what}", route.operation));
        if operation["operationId"] != route.operation {
            gap("is missing");
            continue;
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            gap("has no summary");
        }
        answers(operation).for_each(|what| gap(&what));
        request(operation, &document).for_each(|what| gap(&what));
        let has_body = operation["requestBody"].is_object();
        if matches!(route.method, Method::PUT | Method::PATCH) && !has_body {
            gap("does not describe its body");
        }
        let secured = match route.access {
            Access::Public => Value::Null,
            Access::Guest => json!([{}, { "bearer": [] }]),
            Access::User | Access::Own | Access::Holder | Access::Staff | Access::Admin => {
                json!([{ "bearer": [] }])
            }
        };
        if operation["security"] != secured {
            gap("is secured otherwise than its access says");
        }
        for name in parameters_of(route) {
            let described = operation["parameters"].as_array().into_iter().flatten();
            if !described
                .into_iter()
                .any(|parameter| parameter["name"] == name && parameter["in"] == "path")
            {
                gap(&format!("does not describe `{name}`"));
            }
        }
    }
    gaps
}

/// What is wrong with the answers of an operation.
fn answers(operation: &Value) -> impl Iterator<Item = String> {
    let mut wrong = Vec::new();
    let mut good = 0;
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        good += usize::from(status.starts_with('2'));
        let contents = answer["content"].as_object();
        // Only an answer without a body has nothing to show.
        if contents.is_none_or(serde_json::Map::is_empty) && status != "204" {
            wrong.push(format!("does not describe its {status}"));
        }
        for (kind, content) in contents.into_iter().flatten() {
            if content["example"].is_null() || content["schema"].is_null() {
                wrong.push(format!("has no example or no schema of its {status} as {kind}"));
            }
        }
    }
    if good == 0 {
        wrong.push("has no good answer".to_owned());
    }
    wrong.into_iter()
}

/// What is wrong with the body that an operation takes.
fn request(operation: &Value, document: &Value) -> impl Iterator<Item = String> {
    let mut wrong = Vec::new();
    for (kind, content) in operation["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let schema = resolved(&content["schema"], document);
        let strict = schema["additionalProperties"] == false;
        if schema["type"] == "object" && !strict {
            wrong.push(format!("takes members that nobody knows as {kind}"));
        }
        if content["example"].is_null() {
            wrong.push(format!("has no example of its body as {kind}"));
        }
        let known = schema["properties"].as_object();
        for (name, _) in content["example"].as_object().into_iter().flatten() {
            if known.is_none_or(|known| !known.contains_key(name)) {
                wrong.push(format!("has `{name}` in its example and not in its schema"));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if name
                .as_str()
                .is_none_or(|name| content["example"][name].is_null())
            {
                wrong.push(format!("needs {name} and leaves it out of its example"));
            }
        }
    }
    wrong.into_iter()
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .and_then(|target| target.strip_prefix('#'));
    target
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(schema)
}

fn parameters_of(route: &Route) -> impl Iterator<Item = &'static str> {
    let named = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
    route.pattern.split('/').filter_map(named)
}

fn path_of(route: &Route) -> String {
    let filled = |part: &'static str| if part.starts_with('{') { NOBODY } else { part };
    let parts: Vec<_> = route.pattern.split('/').map(filled).collect();
    parts.join("/")
}

/// Something that is JSON, so that it is not the body which is refused first.
fn body_of(route: &Route) -> Option<&'static Value> {
    static EMPTY: Value = Value::Null;
    (route.method != Method::GET).then_some(&EMPTY)
}
