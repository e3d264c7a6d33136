//! Connections: how long they live, and how many.

use std::time::Duration;

use kit_http::server::ServerSettings;
use kit_testing::pass_time;

use crate::service::TestService;

/// For connections that say nothing.
const SHORT: Duration = Duration::from_millis(100);
/// For those that do: no machine is so busy. It is let pass.
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_head_that_comes_too_slowly_ends_the_connection() {
    let service = TestService::start_with(ServerSettings {
        head_timeout: SHORT,
        ..ServerSettings::default()
    })
    .await;
    let mut wire = service.wire().await;
    wire.send("GET / HTTP/1.1\r\nHost: te").await;
    let said = wire.closed().await;
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 408 "), "{said:?}");
    service.end().await;
}

#[tokio::test]
async fn a_connection_that_stays_silent_ends() {
    let service = TestService::start_with(ServerSettings {
        head_timeout: SHORT,
        ..ServerSettings::default()
    })
    .await;
    assert!(
        service.wire().await.closed().await.is_empty(),
        "before its first request"
    );
    service.end().await;
    let service = TestService::start_with(ServerSettings {
        head_timeout: LONG,
        ..ServerSettings::default()
    })
    .await;
    let mut used = service.wire().await;
    assert_eq!(used.ask("GET /", "").await.status, 200);
    pass_time(LONG).await;
    assert!(used.closed().await.is_empty(), "and after one");
    service.end().await;
}

#[tokio::test]
async fn a_request_that_takes_longer_than_a_head_may_is_answered() {
    let mut service = TestService::start_with(ServerSettings {
        head_timeout: LONG,
        ..ServerSettings::default()
    })
    .await;
    let mut slow = service.wire().await;
    slow.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(service.events.recv().await, Some("came"));
    let mut idle = service.wire().await;
    assert_eq!(idle.ask("GET /", "").await.status, 200);
    pass_time(LONG).await;
    // A connection that fell silent later is gone: more than the limit has passed.
    idle.closed().await;
    service.gate.add_permits(1);
    assert_eq!(slow.answer().await.body, b"waited");
    service.end().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_one_to_end() {
    let service = TestService::start_with(ServerSettings {
        connections: 1,
        ..ServerSettings::default()
    })
    .await;
    let mut first = service.wire().await;
    assert_eq!(first.ask("GET /", "").await.status, 200);
    let mut second = service.wire().await;
    let asked = second.ask("GET /", "");
    tokio::pin!(asked);
    for _ in 0..50 {
        assert!(futures::poll!(asked.as_mut()).is_pending(), "nobody accepts it");
        assert_eq!(first.ask("GET /", "").await.status, 200);
    }
    drop(first);
    assert_eq!(asked.await.status, 200);
    service.end().await;
}

#[tokio::test]
async fn a_connection_is_used_again_after_any_refusal() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for _ in 0..3 {
        wire.ask("GET /nowhere", "").await.refusal(404);
        wire.ask("DELETE /notes", "").await.refusal(405);
        wire.ask("GET /user", "").await.refusal(401);
        wire.ask("GET /notes/x", "").await.refusal(400);
        wire.send_body("POST /notes", "", "{nope").await.refusal(400);
        wire.send_body("POST /notes", "", &"x".repeat(5000))
            .await
            .refusal(413);
        wire.send_body("GET /notes/1", "", &"x".repeat(5000)).await;
        wire.ask("GET /late", "").await.refusal(503);
        wire.ask("GET /panic", "").await.refusal(500);
        assert_eq!(wire.ask("GET /", "").await.body, b"hello");
    }
    service.end().await;
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    wire.send(get("/notes/1") + &get("/nowhere") + &get("/notes/3"))
        .await;
    assert_eq!(wire.answer().await.json()["id"], 1);
    wire.answer().await.refusal(404);
    assert_eq!(wire.answer().await.json()["id"], 3);
    service.end().await;
}

#[tokio::test]
async fn who_says_close_is_closed_on() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    assert_eq!(wire.ask("GET /", "Connection: close\r\n").await.status, 200);
    assert!(wire.closed().await.is_empty());
    let mut old = service.wire().await;
    old.send("GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.answer().await.body, b"hello");
    assert!(old.closed().await.is_empty());
    service.end().await;
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for (path, status, length) in [("/", 200, "5"), ("/notes/1", 200, "8")] {
        wire.send(format!("HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
            .await;
        let answer = wire.head().await;
        assert_eq!((answer.status, answer.header("content-length")), (status, length));
    }
    for path in ["/nowhere", "/user", "/panic"] {
        let fetched = wire.ask(&format!("GET {path}"), "X-Request-Id: same\r\n").await;
        wire.send(format!(
            "HEAD {path} HTTP/1.1\r\nHost: test\r\nX-Request-Id: same\r\n\r\n"
        ))
        .await;
        let answer = wire.head().await;
        assert_eq!(answer.status, fetched.status);
        assert_eq!(answer.header("content-length"), fetched.header("content-length"));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_eq!(
        wire.ask("GET /", "").await.body,
        b"hello",
        "no body was in between"
    );
    service.end().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_handler_along() {
    let mut service = TestService::start().await;
    let mut wire = service.wire().await;
    wire.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(service.events.recv().await, Some("came"));
    drop(wire);
    let left = tokio::time::timeout(Duration::from_mins(1), service.events.recv()).await;
    assert_eq!(left, Ok(Some("left")));
    assert_eq!(service.wire().await.ask("GET /", "").await.status, 200);
    service.end().await;
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused_and_hung_up_on() {
    let service = TestService::start().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"hello there\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nBad Name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: te\x00st\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: nine\r\n\r\n",
    ] {
        let mut wire = service.wire().await;
        wire.send(bytes).await;
        let said = wire.closed().await;
        let shown = String::from_utf8_lossy(&said);
        assert!(
            said.is_empty() || shown.starts_with("HTTP/1.1 400 ") || shown.starts_with("HTTP/1.1 505 "),
            "{shown}"
        );
    }
    assert_eq!(service.wire().await.ask("GET /", "").await.status, 200);
    service.end().await;
}
