//! How large a body and how slow an answer may be.

use kit_testing::pass_time;

use crate::harness::Harness;
use crate::target::{SLOW_LIMIT, Seen};

#[tokio::test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_read() {
    let harness = Harness::start().await;
    for path in ["/api/users/small", "/api/auth/small", "/tight/a"] {
        let mut wire = harness.wire().await;
        let sent = ["Content-Length: 17", "Expect: 100-continue"];
        wire.request(&format!("POST {path}"), &sent).await;
        // 413 and not 100: nobody asked for the body.
        let answer = wire.answer().await;
        assert_eq!(answer.error().0, 413, "{path}");
        assert!(wire.ends().await, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_refused_while_it_comes() {
    let mut harness = Harness::start().await;
    for path in ["/api/users/small", "/api/auth/small"] {
        let mut wire = harness.wire().await;
        wire.request(&format!("POST {path}"), &["Transfer-Encoding: chunked"])
            .await;
        wire.send("8\r\n12345678\r\n").await;
        let probe = if path.contains("users") {
            &mut harness.hosted
        } else {
            &mut harness.peer
        };
        assert_eq!(probe.sees().await, Seen::Piece("12345678".to_owned()), "{path}");
        wire.send("9\r\n123456789\r\n0\r\n\r\n").await;
        let refused = (413, "the body is larger than 16 bytes".to_owned());
        assert_eq!(wire.answer().await.error(), refused, "{path}");
        assert_eq!(probe.sees().await, Seen::Broken, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn a_body_of_the_largest_size_passes() {
    let mut harness = Harness::start().await;
    let answer = harness
        .post("POST /api/auth/small", &[], "0123456789abcdef")
        .await;
    assert_eq!((answer.status(), answer.text().as_str()), (200, "all of it"));
    assert_eq!(
        harness.peer.sees().await,
        Seen::Piece("0123456789abcdef".to_owned())
    );
    harness.end().await;
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_in_time_is_given_up() {
    let mut harness = Harness::start().await;
    let mut wire = harness.wire().await;
    wire.request("GET /api/auth/slow", &[]).await;
    assert_eq!(harness.peer.sees().await, Seen::Waiting);
    // The gateway gives the service a little longer than its limit, to answer by itself.
    pass_time(2 * SLOW_LIMIT).await;
    assert_eq!(
        wire.answer().await.error(),
        (504, "Auth service did not answer in time".to_owned())
    );
    assert_eq!(harness.peer.sees().await, Seen::GivenUp);
    harness.end().await;
}
