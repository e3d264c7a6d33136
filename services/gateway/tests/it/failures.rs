//! What a client is told when a target is away or breaks.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::Harness;

#[tokio::test]
async fn a_peer_that_is_down_is_named() {
    let harness = Harness::start().await;
    assert_eq!(harness.ask("GET /api/auth/echo", &[]).await.status(), 200);
    harness.stop_peers().await;
    // The connection kept from before is dead, too.
    for _ in 0..2 {
        let answer = harness.ask("GET /api/auth/echo", &[]).await;
        assert_eq!(answer.error(), (503, "Auth service unavailable".to_owned()));
        assert!(answer.head.header("retry-after").is_some());
        let answer = harness.post("POST /auth/auth/upload", &[], "x").await;
        assert_eq!(answer.error(), (503, "Auth service unavailable".to_owned()));
    }
    assert_eq!(
        harness.ask("GET /gone/x", &[]).await.error(),
        (503, "Upstream service unavailable".to_owned())
    );
    assert_eq!(
        harness.ask("GET /api/users/echo", &[]).await.status(),
        200,
        "the others go on"
    );
    harness.end().await;
}

#[tokio::test]
async fn access_is_judged_even_where_the_peer_is_down() {
    let harness = Harness::start().await;
    harness.stop_peers().await;
    assert_eq!(harness.ask("GET /api/auth/mine", &[]).await.error().0, 401);
    assert_eq!(
        harness
            .ask("GET /api/auth/admin", &[&harness.user.authorization])
            .await
            .error()
            .0,
        403
    );
    harness.end().await;
}

#[tokio::test]
async fn a_forwarded_error_keeps_its_status_and_body() {
    let harness = Harness::start().await;
    for path in ["/api/users/conflict", "/api/auth/conflict"] {
        let answer = harness.ask(&format!("GET {path}"), &[]).await;
        assert_eq!(
            (answer.status(), answer.json()["made"].as_str()),
            (409, Some("by the target")),
            "{path}"
        );
    }
    harness.end().await;
}

/// Answers one connection with these bytes and closes it.
async fn once(bytes: &'static str) -> (String, impl Future<Output = ()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        assert_ne!(stream.read(&mut buffer).await.unwrap(), 0);
        stream.write_all(bytes.as_bytes()).await.unwrap();
    };
    let routes = format!(r#"[{{"prefix":"/raw","target":"http://{address}","access":"public"}}]"#);
    (routes, serving)
}

#[tokio::test]
async fn an_upstream_that_breaks_off_or_speaks_nonsense_is_a_bad_gateway() {
    for bytes in [
        "",
        "HTTP/1.1 200",
        "what?\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ] {
        let (routes, serving) = once(bytes).await;
        let harness = Harness::start_with(&[("gateway.routes", &routes)]).await;
        let (answer, ()) = tokio::join!(harness.ask("GET /raw/x", &[]), serving);
        assert_eq!(
            answer.error(),
            (502, "Upstream service broke off".to_owned()),
            "{bytes:?}"
        );
        harness.end().await;
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_passed_as_a_whole_one() {
    let (routes, serving) = once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
    let harness = Harness::start_with(&[("gateway.routes", &routes)]).await;
    let mut wire = harness.wire().await;
    wire.request("GET /raw/x", &[]).await;
    let reading = async {
        assert_eq!(wire.head().await.status, 200);
        assert_eq!(wire.chunk().await, b"half");
        assert!(wire.ends().await, "the end of the body was invented");
    };
    tokio::join!(reading, serving);
    harness.end().await;
}
