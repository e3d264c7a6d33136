//! What a handler gets as its call.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::Request;
use kit_http::server::{ClientAddress, PeerAddress, RequestId};
use kit_http::{Anyone, ApiError, Verified};
use kit_rpc::{Actor, Deadline};
use kit_runtime::{Ids, Timestamp};
use kit_service::{Call, Origin};
use kit_telemetry::TraceParent;
use kit_token::{Principal, Role};

async fn extract(request: http::request::Builder) -> Result<Call<Anyone>, ApiError> {
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    Call::from_request_parts(&mut parts, &()).await
}

#[tokio::test]
async fn a_bare_request_is_an_anonymous_call_with_the_usual_time() {
    let usual = || Deadline::after(Duration::from_secs(10));
    let earliest = usual();
    let call = extract(Request::get("/")).await.unwrap();
    assert!(earliest <= call.deadline() && call.deadline() <= usual());
    assert_eq!(call.actor(), &Actor::Anonymous);
    assert_eq!(
        (call.trace(), call.request_id(), call.idempotency_key()),
        (None, None, None)
    );
}

#[tokio::test]
async fn what_stack_and_guard_found_is_in_the_call() {
    let ids = Ids::seeded(3);
    let user = Arc::new(Principal {
        user_id: ids.uuid().into(),
        username: "zeno".to_owned(),
        roles: Role::Customer.into(),
        session_id: ids.uuid().into(),
        epoch: 0,
        token_id: ids.uuid().into(),
        issued_at: Timestamp::from_seconds(1),
        expires_at: Timestamp::from_seconds(2),
    });
    let trace = TraceParent::start([7; 24]);
    let request = Request::get("/")
        .header("idempotency-key", "once")
        .extension(Verified(user.clone()))
        .extension(RequestId("req_1".into()))
        .extension(trace);
    let call = extract(request).await.unwrap();
    assert_eq!(call.actor().user(), Some(&user));
    assert_eq!(call.trace(), Some(trace));
    assert_eq!(call.request_id().map(|id| &**id), Some("req_1"));
    assert_eq!(call.idempotency_key().map(|key| &**key), Some("once"));
    assert_eq!(call.actor.0, Some(user));
}

#[tokio::test]
async fn where_a_request_came_from_is_the_gateways_word_or_else_the_connection() {
    let peer = PeerAddress(([192, 0, 2, 1], 4000).into());
    let device = "x".repeat(300);
    let sent = || Request::get("/").header("user-agent", &device).extension(peer);
    let direct = extract(sent()).await.unwrap().origin();
    assert_eq!((direct.ip.as_str(), direct.device.len()), ("192.0.2.1", 200));
    let client = ClientAddress([198, 51, 100, 7].into());
    let through = extract(sent().extension(client)).await.unwrap().origin();
    assert_eq!(through.ip, "198.51.100.7");
    assert_eq!(
        extract(Request::get("/")).await.unwrap().origin(),
        Origin::default()
    );
}

#[tokio::test]
async fn an_idempotency_key_that_cannot_be_one_is_refused() {
    let keyed = |request: http::request::Builder, key: &str| request.header("idempotency-key", key);
    for bad in ["", "ünïcode", "a\tb", &"x".repeat(256)] {
        let error = extract(keyed(Request::get("/"), bad)).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (400, "invalid_idempotency_key"),
            "{bad}"
        );
    }
    let two = keyed(keyed(Request::get("/"), "one"), "two");
    assert_eq!(extract(two).await.unwrap_err().code(), "invalid_idempotency_key");
    let good = extract(keyed(Request::get("/"), "a key, with ~ and \""))
        .await
        .unwrap();
    assert_eq!(
        good.idempotency_key().map(|key| &**key),
        Some("a key, with ~ and \"")
    );
}
