//! Which headers reach a target, and which come back.

use crate::harness::{Harness, INTERNAL_KEY};

/// A service in the process, a peer, a foreign server.
const PATHS: [&str; 3] = ["/api/users/echo", "/api/auth/echo", "/ext/echo"];
const NONE: [String; 0] = [];

#[tokio::test]
async fn end_to_end_headers_pass_wherever_the_target_runs() {
    let harness = Harness::start().await;
    for path in PATHS {
        let sent = [
            "Authorization: Bearer a.b.c",
            "Cookie: a=b",
            "Idempotency-Key: k-1",
            "Range: bytes=0-9",
            "Last-Event-ID: 17",
            "If-Match: \"7\"",
            "Stripe-Signature: t=1,v1=ab",
            "Accept-Encoding: gzip",
        ];
        let answer = harness.ask(&format!("GET {path}"), &sent).await;
        for line in sent {
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(answer.seen(&name.to_ascii_lowercase()), [value], "{path} {name}");
        }
    }
    harness.end().await;
}

#[tokio::test]
async fn what_is_about_the_connection_stays_at_it() {
    let harness = Harness::start().await;
    for path in PATHS {
        let sent = [
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic eDp5",
            "TE: trailers",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAAP__",
        ];
        let answer = harness.ask(&format!("GET {path}"), &sent).await;
        assert_eq!(answer.status(), 200, "{path}");
        for line in sent {
            let (name, _) = line.split_once(": ").unwrap();
            assert_eq!(answer.seen(&name.to_ascii_lowercase()), NONE, "{path} {name}");
        }
    }
    harness.end().await;
}

#[tokio::test]
async fn connection_may_not_take_out_what_must_arrive() {
    let harness = Harness::start().await;
    for named in [
        "X-User-Id",
        "x_user_id",
        "X-Internal-Key",
        "Authorization",
        "Host",
        "X-Forwarded-For",
    ] {
        for path in PATHS {
            let answer = harness
                .ask(&format!("GET {path}"), &[&format!("Connection: close, {named}")])
                .await;
            assert_eq!(answer.error().0, 400, "{path} {named}");
        }
    }
    harness.end().await;
}

#[tokio::test]
async fn the_identity_is_the_tokens_whatever_a_client_claims() {
    let harness = Harness::start().await;
    let claimed = [
        harness.staff.authorization.as_str(),
        "X-User-Id: root",
        "x-user-id: root2",
        "X_User_Id: root",
        "X.User.Id: root",
        "X-User_Id: root",
        "X-USERNAME: root",
        "X_Username: root",
        "X-User-Roles: admin",
        "X_User.Roles: admin",
        "X-Internal-Key: guessed",
        "X_INTERNAL_KEY: guessed",
    ];
    let answer = harness.ask("GET /api/auth/mine", &claimed).await;
    assert_eq!(answer.seen("x-user-id"), [harness.staff.id.as_str()]);
    assert_eq!(answer.seen("x-username"), ["person-2"]);
    assert_eq!(answer.seen("x-user-roles"), ["customer,staff"]);
    assert_eq!(answer.seen("x-internal-key"), [INTERNAL_KEY]);
    assert!(!answer.text().contains("root") && !answer.text().contains("guessed"));
    harness.end().await;
}

#[tokio::test]
async fn on_a_public_route_nobody_is_named() {
    let harness = Harness::start().await;
    for path in PATHS {
        let sent = [
            harness.user.authorization.as_str(),
            "X-User-Id: root",
            "X_User_Roles: admin",
            "X-Username: root",
            "X-Internal-Key: guessed",
        ];
        let answer = harness.ask(&format!("GET {path}"), &sent).await;
        for name in ["x-user-id", "x_user_roles", "x-user-roles", "x-username"] {
            assert_eq!(answer.seen(name), NONE, "{path} {name}");
        }
        assert!(!answer.text().contains("guessed"), "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn reserved_names_in_trailers_do_not_arrive() {
    let harness = Harness::start().await;
    for path in PATHS {
        let mut wire = harness.wire().await;
        let sent = [
            "Transfer-Encoding: chunked",
            "Trailer: X-User-Id",
            "Connection: close",
        ];
        wire.request(&format!("POST {path}"), &sent).await;
        wire.send("2\r\nhi\r\n0\r\nX-User-Id: root\r\nX_User_Id: root\r\n\r\n")
            .await;
        let answer = wire.answer().await;
        assert_eq!(answer.json()["body"], "hi", "{path}");
        assert!(!answer.text().contains("root"), "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn the_internal_key_goes_to_peers_alone() {
    let harness = Harness::start().await;
    let key = |answer: crate::wire::Answer| answer.seen("x-internal-key");
    assert_eq!(key(harness.ask("GET /api/auth/echo", &[]).await), [INTERNAL_KEY]);
    assert_eq!(key(harness.ask("GET /ext/echo", &[]).await), NONE);
    assert_eq!(key(harness.ask("GET /api/users/echo", &[]).await), NONE);
    harness.end().await;
}

#[tokio::test]
async fn a_foreign_server_learns_who_asks_and_the_token_only_where_it_may() {
    let harness = Harness::start().await;
    let answer = harness.ask("GET /exact/7", &[&harness.user.authorization]).await;
    assert_eq!(answer.seen("x-user-id"), [harness.user.id.as_str()]);
    assert_eq!(answer.seen("authorization"), NONE);
    assert_eq!(answer.seen("host"), [harness.foreign_address.to_string()]);
    assert_eq!(answer.seen("x-forwarded-host"), ["shop.example"]);
    harness.end().await;
}

#[tokio::test]
async fn where_a_request_comes_from_is_what_the_gateway_saw() {
    let harness = Harness::start().await;
    let claimed = [
        "X-Forwarded-For: 203.0.113.9",
        "X_Forwarded_For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=203.0.113.9",
        "X-Real-IP: 203.0.113.9",
    ];
    for path in PATHS {
        let answer = harness.ask(&format!("GET {path}"), &claimed).await;
        assert_eq!(answer.seen("x-forwarded-for"), ["127.0.0.1"], "{path}");
        assert_eq!(answer.seen("x-forwarded-proto"), ["http"], "{path}");
        assert_eq!(answer.seen("x-forwarded-host"), ["shop.example"], "{path}");
        assert!(!answer.text().contains("203.0.113.9"), "{path}");
    }
    harness.end().await;
    let harness = Harness::start_with(&[("gateway.trusted_proxies", "127.0.0.0/8")]).await;
    for path in PATHS {
        let answer = harness.ask(&format!("GET {path}"), &claimed).await;
        assert_eq!(
            answer.seen("x-forwarded-for"),
            ["203.0.113.9, 127.0.0.1"],
            "{path}"
        );
        assert_eq!(answer.seen("x-forwarded-proto"), ["https"], "{path}");
        assert_eq!(answer.seen("x-forwarded-host"), ["evil.example"], "{path}");
        assert_eq!(answer.seen("x_forwarded_for"), NONE, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn the_requests_id_and_trace_reach_the_target() {
    let harness = Harness::start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = ["X-Request-Id: mine-1", &format!("traceparent: {trace}")];
    for path in ["/api/auth/echo", "/ext/echo"] {
        let answer = harness.ask(&format!("GET {path}"), &sent).await;
        assert_eq!(answer.seen("x-request-id"), ["mine-1"], "{path}");
        assert_eq!(answer.seen("traceparent"), [trace], "{path}");
        assert_eq!(answer.head.header("x-request-id"), Some("mine-1"), "{path}");
        let answer = harness
            .ask(&format!("GET {path}"), &["X-Request-Id: not one of ours"])
            .await;
        let given = answer.head.header("x-request-id").unwrap().to_owned();
        assert_eq!(answer.seen("x-request-id"), [given], "{path}");
        assert_eq!(answer.seen("traceparent").len(), 1, "{path}");
    }
    harness.end().await;
}

#[tokio::test]
async fn an_answer_keeps_what_is_end_to_end() {
    let harness = Harness::start().await;
    let answer = harness.ask("GET /api/auth/odd", &[]).await;
    assert_eq!(answer.text(), "odd");
    assert_eq!(answer.head.header("x-end-to-end"), Some("1"));
    for name in ["x-hop", "keep-alive", "x-internal-key"] {
        assert_eq!(answer.head.header(name), None, "{name}");
    }
    assert_ne!(answer.head.header("x-request-id"), Some("the-targets-own"));
    harness.end().await;
}
