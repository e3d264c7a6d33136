//! The OpenAPI 3.1 document of one or more route tables.

use http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::refusal::{self, RefusalDoc};
use crate::{Access, Exposure, Route, RouteTable};

/// The head of a document.
#[derive(Clone, Copy, Debug)]
pub struct DocumentInfo {
    /// The title of the document.
    pub title: &'static str,
    /// The version of the API.
    pub version: &'static str,
    /// What the paths stand under: `/api` at the gateway, nothing on a service's own port.
    pub prefix: &'static str,
}

/// Writes the document. Where `info` has a prefix it is the gateway's: routes that the gateway does not mount
/// are left out, and every other one may be refused as one request too many, since it alone counts them.
/// Well-known paths stand at the root in any case, and a table that does not stand under the prefix is named by its own.
pub fn document(info: DocumentInfo, tables: &[RouteTable]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    let mut tags = Vec::new();
    let entrance = if info.prefix.is_empty() {
        Entrance::OwnPort
    } else {
        Entrance::Gateway
    };
    for table in tables {
        tags.push(json!({ "name": table.service }));
        let usual = match table.prefixes.first() {
            Some(own) if entrance == Entrance::Gateway && !table.prefixes.contains(&info.prefix) => own,
            _ => info.prefix,
        };
        for route in &table.routes {
            if entrance == Entrance::Gateway && route.exposure == Exposure::OwnPort {
                continue;
            }
            let prefix = if route.pattern.starts_with("/.well-known/") {
                ""
            } else {
                usual
            };
            let path = paths
                .entry(format!("{prefix}{}", route.pattern))
                .or_insert_with(|| json!({}));
            let method = route.method.as_str().to_ascii_lowercase();
            path[method] = operation(table.service, route, entrance, &mut generator);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error_schema());
    json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": DESCRIPTION },
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } }
        }
    })
}

/// What holds for all operations, so that it is not said of each.
const DESCRIPTION: &str = "What any request may be answered, whatever its operation: 400 `invalid_header`, \
    `invalid_path` or `invalid_upgrade` where the request itself is wrong, 404 `not_found`, 405 \
    `method_not_allowed`, 414 `uri_too_long`, 431 `headers_too_large`, and 500 `internal`.";

/// The listener that a document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entrance {
    Gateway,
    OwnPort,
}

impl Entrance {
    fn access_to(self, route: &Route) -> Access {
        match self {
            Self::Gateway => route.access_at_gateway(),
            Self::OwnPort => route.access,
        }
    }
}

fn operation(service: &str, route: &Route, entrance: Entrance, generator: &mut SchemaGenerator) -> Value {
    let mut said = json!({
        "operationId": route.operation,
        "tags": [service],
        "summary": route.doc.summary,
        "x-access": entrance.access_to(route).as_str(),
        "responses": responses(route, entrance, generator),
    });
    let parameters = parameters(route, generator);
    if !parameters.is_empty() {
        said["parameters"] = Value::Array(parameters);
    }
    match entrance.access_to(route) {
        Access::Public => {}
        // Either of them will do.
        Access::Guest => said["security"] = json!([{}, { "bearer": [] }]),
        Access::User | Access::Own | Access::Holder | Access::Staff | Access::Admin => {
            said["security"] = json!([{ "bearer": [] }]);
        }
    }
    if let Some(body) = &route.doc.body {
        let content =
            json!({ body.media_type: { "schema": (body.schema)(generator), "example": body.example } });
        said["requestBody"] = json!({ "required": body.required, "content": content });
    }
    said
}

fn parameters(route: &Route, generator: &mut SchemaGenerator) -> Vec<Value> {
    let named = route
        .pattern
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = named
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    for query in &route.doc.queries {
        let schema = query(generator);
        let members = schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for (name, mut schema) in members {
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"));
            let described = description.unwrap_or_default();
            parameters
                .push(json!({ "name": name, "in": "query", "description": described, "schema": schema }));
        }
    }
    for (name, meaning) in &route.doc.headers {
        parameters.push(json!({
            "name": name, "in": "header", "description": meaning, "schema": { "type": "string" }
        }));
    }
    parameters
}

fn responses(route: &Route, entrance: Entrance, generator: &mut SchemaGenerator) -> Value {
    let mut said = Map::new();
    if let Some(answer) = &route.doc.answer {
        let schema = (answer.schema)(generator);
        let content = json!({ answer.media_type: { "schema": schema, "example": answer.example } });
        let description = answer.status.canonical_reason().unwrap_or("Answer");
        said.insert(
            answer.status.as_str().to_owned(),
            json!({ "description": description, "content": content }),
        );
    }
    for gathered in refusals(route, entrance).chunk_by(|one, other| one.status == other.status) {
        let status = gathered[0].status;
        let code = status.as_str();
        let mut codes: Vec<_> = gathered.iter().map(|refusal| refusal.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let messages: Vec<_> = gathered.iter().map(|refusal| &*refusal.message).collect();
        let example = json!({
            "status": code, "message": messages[0], "code": gathered[0].code, "request_id": "req_0190c2a4"
        });
        let schema = json!({ "allOf": [
            { "$ref": "#/components/schemas/Error" },
            { "properties": { "code": { "enum": codes } } },
        ] });
        let content = json!({ "application/json": { "schema": schema, "example": example } });
        let mut refusal = json!({ "description": messages.join("; "), "content": content });
        if RETRYABLE.contains(&status) {
            refusal["headers"] = json!({ "Retry-After": {
                "description": "Seconds until it is worth asking again",
                "schema": { "type": "integer", "minimum": 1 }
            } });
        }
        said.insert(code.to_owned(), refusal);
    }
    Value::Object(said)
}

/// The refusals that always say when to come back.
const RETRYABLE: [StatusCode; 2] = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

/// A route's own refusals and those that follow from its access and body, in the order of their status.
fn refusals(route: &Route, entrance: Entrance) -> Vec<RefusalDoc> {
    let mut all = route.doc.refusals.clone();
    let access = entrance.access_to(route);
    if access.required_role().is_some() {
        all.push(refusal::MISSING_AUTHORIZATION);
    }
    if access != Access::Public {
        all.push(refusal::INVALID_AUTHORIZATION);
        all.push(refusal::INVALID_TOKEN);
    }
    if matches!(access, Access::Staff | Access::Admin) {
        all.push(refusal::ROLE_MISSING);
    }
    if !route.doc.queries.is_empty() {
        all.push(refusal::INVALID_QUERY);
    }
    if let Some(body) = &route.doc.body {
        all.extend_from_slice(body.refusals);
    }
    if route.pattern.contains('{') {
        all.push(refusal::INVALID_PATH);
    }
    if entrance == Entrance::Gateway {
        all.push(refusal::TOO_MANY_REQUESTS);
        all.push(refusal::BAD_GATEWAY);
        all.push(refusal::GATEWAY_TIMEOUT);
    }
    all.push(refusal::UNAVAILABLE);
    all.sort_by_key(|refusal| refusal.status);
    all
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["status", "message", "code", "request_id"],
        "properties": {
            "status": { "type": "string", "description": "The HTTP status, as a string" },
            "message": { "type": "string", "description": "For people" },
            "code": { "type": "string", "description": "For programs" },
            "request_id": { "type": "string", "description": "Names the request in logs" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "message"],
                    "properties": {
                        "pointer": { "type": "string", "description": "JSON pointer to the member" },
                        "message": { "type": "string" }
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn described(prefix: &'static str) -> Value {
        let routes = vec![
            Route::new(Method::GET, "/things", "list_things", Access::Public),
            Route::new(Method::DELETE, "/things/{id}", "delete_thing", Access::Admin),
            Route::new(Method::GET, "/.well-known/things", "known_things", Access::Public),
        ];
        let info = DocumentInfo {
            title: "test",
            version: "0",
            prefix,
        };
        document(info, &[RouteTable::new("things", routes)])
    }

    #[test]
    fn a_route_says_at_each_door_who_may_come_in() {
        let stats =
            || Route::new(Method::GET, "/stats", "get_stats", Access::Public).through_gateway(Access::Staff);
        let track = || Route::new(Method::POST, "/track", "track", Access::Guest);
        let said = |prefix| {
            let info = DocumentInfo {
                title: "test",
                version: "0",
                prefix,
            };
            let document = document(info, &[RouteTable::new("things", vec![stats(), track()])]);
            let operation = |path: &str, method: &str| {
                let found = &document["paths"][format!("{prefix}{path}")][method];
                let refusals: Vec<_> = ["401", "403"]
                    .into_iter()
                    .filter(|status| found["responses"][*status].is_object())
                    .collect();
                json!([found["x-access"], found["security"], refusals])
            };
            [operation("/stats", "get"), operation("/track", "post")]
        };
        let guest = json!(["guest", [{}, { "bearer": [] }], ["401"]]);
        assert_eq!(said(""), [json!(["public", null, []]), guest.clone()]);
        assert_eq!(
            said("/api"),
            [json!(["staff", [{ "bearer": [] }], ["401", "403"]]), guest]
        );
    }

    #[test]
    fn what_a_route_takes_says_how_it_is_refused() {
        let route = Route::new(Method::PUT, "/things/{id}", "put_thing", Access::Public)
            .idempotent()
            .conditional()
            .body::<String>(json!("a"));
        let tables = [RouteTable::new("things", vec![route])];
        let codes = |prefix: &'static str, status: &str| {
            let info = DocumentInfo {
                title: "test",
                version: "0",
                prefix,
            };
            let document = document(info, &tables);
            let responses = &document["paths"][format!("{prefix}/things/{{id}}")]["put"]["responses"];
            responses[status]["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
                .clone()
        };
        let bad_requests = json!([
            "body_incomplete",
            "invalid_idempotency_key",
            "invalid_if_match",
            "invalid_path",
            "malformed_json",
            "validation_failed",
        ]);
        for prefix in ["", "/api"] {
            assert_eq!(codes(prefix, "400"), bad_requests, "{prefix}");
            assert_eq!(codes(prefix, "412"), json!(["precondition_failed"]));
        }
        for (status, code) in [("502", "bad_gateway"), ("504", "gateway_timeout")] {
            assert_eq!(codes("/api", status), json!([code]));
            assert_eq!(codes("", status), Value::Null);
        }
    }

    #[test]
    fn the_gateway_may_refuse_every_route_as_too_many_and_a_service_none() {
        for (prefix, is_counted) in [("/api", true), ("", false)] {
            let document = described(prefix);
            let paths = document["paths"].as_object().unwrap();
            assert_eq!(paths.len(), 3);
            for operation in paths.values().flat_map(|path| path.as_object().unwrap().values()) {
                let responses = &operation["responses"];
                assert_eq!(responses["429"].is_object(), is_counted, "{prefix} {operation}");
                for status in ["429", "503"] {
                    let retry = &responses[status]["headers"]["Retry-After"]["schema"]["type"];
                    assert_eq!(retry == "integer", responses[status].is_object(), "{status}");
                }
                assert!(responses["503"].is_object());
            }
        }
    }
}
