//! What the gateway answers by itself.

use crate::harness::Harness;

const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

#[tokio::test]
async fn the_root_is_a_health_document_for_programs() {
    let harness = Harness::start().await;
    let json = harness.ask("GET /", &[]).await.json();
    assert_eq!(json["status"], "ok");
    assert_eq!(json["service"], "gateway-service");
    assert_eq!(json["message"], "Gateway service is running");
    assert_eq!(json["routes"]["users"]["mine"], "GET /api/users/mine");
    assert_eq!(json["routes"]["auth"]["item"], "GET /api/auth/items/:id");
    assert_eq!(json["routes"]["users"]["secret"], serde_json::Value::Null);
    harness.end().await;
}

#[tokio::test]
async fn a_browser_gets_the_page_wherever_no_address_of_ours_is() {
    let harness = Harness::start().await;
    for path in ["/", "/shop", "/orders/ord_1"] {
        let answer = harness.ask(&format!("GET {path}"), &[BROWSER]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(
            answer.head.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        assert!(answer.head.header("content-security-policy").is_some(), "{path}");
        assert!(
            answer.text().contains("<code>/api/users/items/{id}</code>"),
            "{path}"
        );
    }
    for path in [
        "/api/nothing",
        "/auth/nothing",
        "/docs/nothing",
        "/favicon.ico",
        "/.well-known/nothing",
    ] {
        let answer = harness.ask(&format!("GET {path}"), &[BROWSER]).await;
        assert_eq!(answer.error().0, 404, "{path}");
    }
    assert_eq!(harness.ask("POST /shop", &[BROWSER]).await.error().0, 404);
    harness.end().await;
}

#[tokio::test]
async fn readiness_names_each_dependency() {
    let harness = Harness::start().await;
    assert_eq!(harness.ask("GET /livez", &[]).await.status(), 200);
    let answer = harness.ask("GET /readyz?verbose", &[]).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json()["checks"][0]["name"], "auth.keys");
    harness.gate.open();
    assert_eq!(harness.ask("GET /readyz", &[]).await.status(), 200);
    let answer = harness.ask("GET /readyz?verbose", &[]).await;
    assert_eq!(
        (answer.status(), answer.json()["checks"][0]["ready"].as_bool()),
        (200, Some(true))
    );
    harness.end().await;
}

#[tokio::test]
async fn the_api_reference_comes_whole_from_here() {
    let harness = Harness::start().await;
    assert_eq!(
        harness.ask("GET /openapi.json", &[]).await.json()["openapi"],
        "3.1.0"
    );
    let page = harness.ask("GET /docs", &[]).await.text();
    assert!(!page.contains("://"), "the page loads something from elsewhere");
    let assets = page.split('"').filter(|text| text.starts_with("/docs/"));
    let mut count = 0;
    for asset in assets {
        let answer = harness.ask(&format!("GET {asset}"), &[]).await;
        assert_eq!(answer.status(), 200, "{asset}");
        assert!(!answer.body.is_empty(), "{asset}");
        count += 1;
    }
    assert_eq!(count, 6);
    let script = harness.ask("GET /docs/swagger-initializer.js", &[]).await.text();
    assert!(
        script.contains("/openapi.json") && !script.contains("petstore"),
        "{script}"
    );
    assert_eq!(harness.ask("GET /docs/", &[]).await.text(), page);
    harness.end().await;
}
