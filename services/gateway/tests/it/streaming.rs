//! Bodies pass as they come, both ways.

use crate::harness::Harness;
use crate::target::Seen;

#[tokio::test]
async fn an_answer_arrives_in_pieces_before_it_ends() {
    let mut harness = Harness::start().await;
    for path in ["/api/users/pieces", "/api/auth/pieces"] {
        let mut wire = harness.wire().await;
        wire.request(&format!("GET {path}"), &["Accept: text/event-stream"])
            .await;
        let probe = if path.contains("users") {
            &mut harness.hosted
        } else {
            &mut harness.peer
        };
        // The head comes before there is anything to send.
        let head = wire.head().await;
        assert_eq!(
            (head.status, head.header("content-type")),
            (200, Some("text/event-stream")),
            "{path}"
        );
        for event in ["id: 1\ndata: one\n\n", "id: 2\ndata: two\n\n"] {
            probe.give(event);
            assert_eq!(wire.chunk().await, event.as_bytes(), "{path}");
        }
        probe.finish();
        assert!(wire.chunk().await.is_empty(), "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_body_reaches_the_target_in_pieces_before_it_ends() {
    let mut harness = Harness::start().await;
    for path in ["/api/users/upload", "/api/auth/upload"] {
        let mut wire = harness.wire().await;
        wire.request(&format!("POST {path}"), &["Transfer-Encoding: chunked"])
            .await;
        let probe = if path.contains("users") {
            &mut harness.hosted
        } else {
            &mut harness.peer
        };
        for piece in ["first", "other"] {
            wire.send(format!("5\r\n{piece}\r\n")).await;
            assert_eq!(probe.sees().await, Seen::Piece(piece.to_owned()), "{path}");
        }
        wire.send("0\r\n\r\n").await;
        assert_eq!(probe.sees().await, Seen::End, "{path}");
        assert_eq!(wire.answer().await.text(), "all of it", "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_client_that_waits_is_asked_for_its_body() {
    let mut harness = Harness::start().await;
    let mut wire = harness.wire().await;
    wire.request(
        "POST /api/auth/upload",
        &["Content-Length: 2", "Expect: 100-continue"],
    )
    .await;
    assert_eq!(wire.head().await.status, 100);
    wire.send("ok").await;
    assert_eq!(wire.answer().await.text(), "all of it");
    assert_eq!(harness.peer.sees().await, Seen::Piece("ok".to_owned()));
    harness.end().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_its_request_along() {
    let mut harness = Harness::start().await;
    for path in ["/api/users/never", "/api/auth/never"] {
        let mut wire = harness.wire().await;
        wire.request(&format!("GET {path}"), &[]).await;
        let probe = if path.contains("users") {
            &mut harness.hosted
        } else {
            &mut harness.peer
        };
        assert_eq!(probe.sees().await, Seen::Waiting, "{path}");
        drop(wire);
        assert_eq!(probe.sees().await, Seen::GivenUp, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_in_its_body_breaks_it_off() {
    let mut harness = Harness::start().await;
    for path in ["/api/users/upload", "/api/auth/upload"] {
        let mut wire = harness.wire().await;
        wire.request(&format!("POST {path}"), &["Content-Length: 100"])
            .await;
        wire.send("only this").await;
        let probe = if path.contains("users") {
            &mut harness.hosted
        } else {
            &mut harness.peer
        };
        assert_eq!(probe.sees().await, Seen::Piece("only this".to_owned()), "{path}");
        drop(wire);
        assert_eq!(probe.sees().await, Seen::Broken, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_connection_with_an_unread_answer_is_not_used_again() {
    let harness = Harness::start().await;
    let first = harness.ask("GET /api/auth/echo", &[]).await.json()["connection"].clone();
    let again = harness.ask("GET /api/auth/echo", &[]).await.json()["connection"].clone();
    assert_eq!(
        first, again,
        "a connection that was read to its end is used again"
    );
    let mut wire = harness.wire().await;
    wire.request("GET /api/auth/pieces", &[]).await;
    wire.head().await;
    harness.peer.give("half of it");
    wire.chunk().await;
    drop(wire);
    let after = harness.ask("GET /api/auth/echo", &[]).await;
    assert_eq!(after.json()["uri"], "/auth/echo");
    assert_ne!(after.json()["connection"], first);
    harness.end().await;
}

#[tokio::test]
async fn what_is_left_of_an_unread_body_is_never_taken_for_a_request() {
    let harness = Harness::start().await;
    let smuggled = "GET /auth/items/secret HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2000);
    for path in ["/api/auth/early", "/api/users/early"] {
        let mut wire = harness.wire().await;
        let length = format!("Content-Length: {}", smuggled.len());
        wire.request(&format!("POST {path}"), &[&length]).await;
        wire.send(&smuggled).await;
        assert_eq!(wire.answer().await.text(), "not read", "{path}");
        wire.request("GET /api/auth/echo?after", &["Connection: close"])
            .await;
        assert_eq!(wire.answer().await.json()["uri"], "/auth/echo?after", "{path}");
        assert!(wire.ends().await, "{path}");
    }
    harness.end().await;
}
