//! The OpenAPI document and its page, as they are served and as they are printed.

use std::collections::BTreeSet;

use e2e::{Client, Setup, Stoa};
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn printed(arguments: &[&str]) -> Value {
    let ended = Setup::command(arguments).finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// Method, path and the operation itself.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.push((method.to_uppercase(), path.clone(), operation));
            }
        }
    }
    found
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[track_caller]
fn is_openapi(document: &Value) {
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1."))
    );
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(document) {
        let what = format!("{method} {path}");
        let name = operation["operationId"].as_str().expect(&what);
        assert!(names.insert(name), "two are called {name}");
        assert!(
            operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
            "{what}"
        );
        let answers = operation["responses"].as_object().expect(&what);
        assert!(answers.keys().any(|status| status.starts_with('2')), "{what}");
        for answer in answers.values() {
            assert!(answer["description"].is_string(), "{what}");
            for content in answer["content"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.values())
            {
                assert!(content.get("schema").is_some(), "{what}");
            }
        }
        let declared: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let used: BTreeSet<&str> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(declared, used, "{what}");
        for scheme in operation["security"].as_array().into_iter().flatten() {
            for name in scheme.as_object().expect(&what).keys() {
                assert!(
                    document["components"]["securitySchemes"].get(name).is_some(),
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn every_document_is_openapi() {
    is_openapi(&printed(&["openapi"]));
    is_openapi(&printed(&["openapi", "--service", "auth"]));
    is_openapi(&printed(&["openapi", "--service", "users"]));
}

#[test]
fn the_merged_document_has_every_route_of_the_services_and_no_other() {
    let document = printed(&["openapi"]);
    let listed = printed(&["routes", "--json"]);
    let aliases = ["/auth/", "/payment/", "/analytics/", "/storage/"];
    let text = |row: &Value, member: &str| row[member].as_str().unwrap_or_default().to_owned();
    let routes: BTreeSet<(String, String)> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| row["target"] != "gateway")
        .map(|row| (text(row, "method"), text(row, "path")))
        .filter(|(_, path)| !aliases.iter().any(|alias| path.starts_with(alias)))
        .collect();
    let documented: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    assert_eq!(documented, routes);
    // Who may call is said the same in both.
    for (method, path, operation) in operations(&document) {
        let row = listed.as_array().expect("a list").iter();
        let row = row
            .clone()
            .find(|row| row["method"] == method.as_str() && row["path"] == path.as_str());
        let public = row.expect("listed")["access"] == "public";
        assert_eq!(operation.get("security").is_none(), public, "{method} {path}");
    }
}

/// What a page or a style sheet loads.
fn loaded(text: &str) -> Vec<&str> {
    let marks = ["src=\"", "href=\"", "url(", "@import \""];
    let after = |mark: &'static str| text.match_indices(mark).map(move |(at, _)| at + mark.len());
    marks
        .into_iter()
        .flat_map(after)
        .map(|at| text[at..].trim_start_matches(['"', '\'']))
        .map(|rest| rest.split(['"', ')', '\'']).next().unwrap_or_default())
        .collect()
}

/// Fetches a page and everything it loads; nothing may be of another host.
fn load_page(gateway: &Client, path: &str) -> usize {
    let page = gateway.get(path);
    assert_eq!(page.status.as_u16(), 200, "{path}");
    assert!(page.header("content-type").starts_with("text/html"), "{path}");
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("http"),
        "{policy}"
    );
    let text = String::from_utf8_lossy(&page.body).into_owned();
    assert!(!text.contains("//"), "{path} names a host:\n{text}");
    for asset in loaded(&text) {
        assert!(asset.starts_with('/'), "{asset}");
        let reply = gateway.get(asset);
        assert_eq!(reply.status.as_u16(), 200, "{asset}");
        assert!(!reply.body.is_empty(), "{asset}");
        if reply.header("content-type").starts_with("text/css") {
            let style = String::from_utf8_lossy(&reply.body).into_owned();
            let foreign = loaded(&style).into_iter().find(|url| !url.starts_with("data:"));
            assert_eq!(foreign, None, "{asset}");
        }
    }
    loaded(&text).len()
}

every_topology! {
    fn the_served_document_is_the_printed_one(stoa: &mut Stoa) {
        let served = stoa.gateway().get("/openapi.json");
        assert_eq!(served.header("content-type"), "application/json");
        assert_eq!(served.expect(200), printed(&["openapi"]));
    }

    fn the_page_of_the_reference_loads_from_the_binary_alone(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        assert!(load_page(&gateway, "/docs") >= 5);
        assert!(load_page(&gateway, "/docs/") >= 5);
        let start = gateway.get("/docs/swagger-initializer.js");
        let start = String::from_utf8_lossy(&start.body).into_owned();
        assert!(start.contains("/openapi.json"), "{start}");
        assert_eq!(gateway.get("/docs/no-such-thing.js").status.as_u16(), 404);
    }

    fn a_browser_gets_a_page_and_a_program_the_health_document(stoa: &mut Stoa) {
        let browser = stoa.gateway().with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        load_page(&browser, "/");
        let health = stoa.gateway().get("/").expect(200);
        assert_eq!(health["service"], "gateway-service");
        assert_eq!(health["routes"]["auth"]["login"], "POST /api/login");
        assert_eq!(health["routes"]["users"]["get_one"], "GET /api/users/:id");
        let ready = stoa.gateway().get("/readyz?verbose").expect(200);
        assert_eq!(ready["status"], "ready");
        assert!(ready["checks"].as_array().is_some_and(|checks| !checks.is_empty()), "{ready}");
    }
}
