//! Which request goes where, and in which shape.

use serde_json::Value;

use crate::harness::Harness;

async fn uri(harness: &Harness, path: &str) -> Value {
    let answer = harness.ask(&format!("GET {path}"), &[]).await;
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    answer.json()["uri"].clone()
}

#[tokio::test]
async fn a_target_sees_its_own_path_and_the_query_as_it_came() {
    let harness = Harness::start().await;
    for (public, own) in [
        ("/api/users/echo", "/users/echo"),
        ("/api/users/echo?q=%2F..%2f&x", "/users/echo?q=%2F..%2f&x"),
        ("/api/auth/echo?a=1", "/auth/echo?a=1"),
        ("/auth/auth/echo", "/auth/echo"),
        ("/ext/a/b?x=1", "/base/a/b?x=1"),
        ("/ext", "/base/"),
        ("/ext/", "/base/"),
        ("/kept/a", "/base/kept/a"),
        ("/api/users/files/a/b/c.txt", "/users/files/a/b/c.txt"),
    ] {
        assert_eq!(uri(&harness, public).await, own, "{public}");
    }
    harness.end().await;
}

#[tokio::test]
async fn one_normal_path_is_matched_and_forwarded() {
    let harness = Harness::start().await;
    for base in ["/api/users", "/api/auth"] {
        let own = base.strip_prefix("/api").unwrap_or(base);
        let seen = uri(&harness, &format!("{base}/%69tems/%7ea%20b%2Bc+d%3a")).await;
        assert_eq!(seen, format!("{own}/items/~a%20b%2Bc+d%3A"));
    }
    assert_eq!(
        uri(&harness, "/%61pi/users/items/%73pecial").await,
        "/users/items/special"
    );
    harness.end().await;
}

#[tokio::test]
async fn a_path_with_two_readings_is_refused() {
    let harness = Harness::start().await;
    for path in [
        "/api/users/items/..",
        "/api/users/../auth/echo",
        "/api/users/%2e%2e/auth/echo",
        "/api/users/.%2E/auth/echo",
        "/api/users/items/a%2fb",
        "/api/users/items/a%2Fb",
        "/api/users/items/a%5cb",
        "/api/users/items/a\\b",
        "/api/users/items/%00",
        "/api/users/items/a%0d%0aX-User-Id:%201",
        "/api//users/echo",
        "//api/users/echo",
        "/api/users/items/%",
        "/api/users/items/%zz",
        "/api/users/items/%ff",
        "/api/users/items/%c0%ae%c0%ae",
        "/ext/../api/users/admin",
        "/ext/..;/admin",
    ] {
        let answer = harness.ask(&format!("GET {path}"), &[]).await;
        assert_eq!(answer.error().0, 400, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_route_that_is_not_public_is_not_reachable_by_another() {
    let mut harness = Harness::start().await;
    for path in [
        "/api/users/items/secret",
        "/api/auth/items/secret",
        "/auth/auth/items/secret",
        "/api/auth/items/%73ecret",
    ] {
        assert_eq!(
            harness.ask(&format!("GET {path}"), &[]).await.error().0,
            404,
            "{path}"
        );
    }
    assert_eq!(
        uri(&harness, "/api/users/items/special").await,
        "/users/items/special"
    );
    harness.hosted.finish();
    harness.end().await;
}

#[tokio::test]
async fn a_method_the_path_does_not_know_is_named_with_those_it_does() {
    let harness = Harness::start().await;
    for (line, allow) in [
        ("DELETE /api/users/items/7", "GET, HEAD, PUT"),
        ("OPTIONS /api/users/echo", "GET, HEAD, POST"),
        ("POST /kept/a", "GET, HEAD"),
        ("POST /livez", "GET, HEAD"),
        ("get /api/users/echo", "GET, HEAD, POST"),
    ] {
        let answer = harness.ask(line, &[]).await;
        assert_eq!(answer.error().0, 405, "{line}");
        assert_eq!(answer.head.header("allow"), Some(allow), "{line}");
    }
    harness.end().await;
}

#[tokio::test]
async fn tunnels_and_echoes_of_headers_are_refused() {
    let harness = Harness::start().await;
    assert_eq!(harness.ask("TRACE /api/users/echo", &[]).await.error().0, 400);
    assert_eq!(harness.ask("CONNECT shop.example:443", &[]).await.error().0, 400);
    assert_eq!(harness.ask("OPTIONS *", &[]).await.error().0, 400);
    harness.end().await;
}

#[tokio::test]
async fn a_head_request_is_answered_by_the_get_route_without_a_body() {
    let harness = Harness::start().await;
    for path in [
        "/api/users/echo",
        "/api/auth/echo",
        "/ext/echo",
        "/",
        "/openapi.json",
    ] {
        let answer = harness.ask(&format!("HEAD {path}"), &["Connection: close"]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(
            answer
                .head
                .header("content-length")
                .is_some_and(|length| length != "0"),
            "{path}"
        );
    }
    let mut wire = harness.wire().await;
    wire.request("HEAD /api/auth/echo", &["Connection: close"]).await;
    wire.head().await;
    assert!(wire.ends().await, "a body follows the head");
    harness.end().await;
}

#[tokio::test]
async fn what_no_route_knows_is_not_answered() {
    let harness = Harness::start().await;
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/users",
        "/api/users/echo/",
        "/users/echo",
        "/auth/users/echo",
        "/nothing",
        "/exact/1/2",
        "/metrics",
    ] {
        let answer = harness.ask(&format!("GET {path}"), &["Accept: */*"]).await;
        assert_eq!(answer.error().0, 404, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn an_absolute_address_is_taken_by_its_path() {
    let harness = Harness::start().await;
    assert_eq!(
        uri(&harness, "http://shop.example/api/users/echo?x").await,
        "/users/echo?x"
    );
    assert_eq!(
        uri(&harness, "http://shop.example/api/auth/echo").await,
        "/auth/echo"
    );
    harness.end().await;
}

#[tokio::test]
async fn every_route_is_listed_with_its_aliases() {
    let harness = Harness::start().await;
    let line = |path: &str| {
        let found = harness.routes.iter().find(|line| line.path == path);
        found.map(|line| format!("{} {} {}", line.method, line.access, line.target))
    };
    assert_eq!(line("/api/users/admin").as_deref(), Some("GET admin users"));
    assert_eq!(line("/auth/auth/mine").as_deref(), Some("GET user auth"));
    let foreign = format!("ANY public http://{}/base", harness.foreign_address);
    assert_eq!(line("/ext/*").as_deref(), Some(foreign.as_str()));
    assert_eq!(line("/readyz").as_deref(), Some("GET public gateway"));
    assert_eq!(line("/api/users/items/secret"), None);
    harness.end().await;
}
