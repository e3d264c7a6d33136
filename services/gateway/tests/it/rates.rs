//! How often somebody may ask.

use std::time::Duration;

use futures::future::join_all;
use kit_http::server::ServerSettings;

use crate::live::Live;

async fn start(keys: &[(&str, &str)]) -> Live {
    Live::start_with(keys, ServerSettings::default()).await
}

/// The statuses of so many requests, one after the other.
async fn statuses(live: &Live, count: usize, request: &str, headers: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(live.ask(request, headers).await.status());
    }
    statuses
}

#[tokio::test]
async fn of_fifty_at_once_as_many_pass_as_the_limit_allows() {
    let live = start(&[("gateway.rate_limit.address", "10/m burst 10")]).await;
    for path in ["/api/near/plain", "/api/far/plain", "/livez"] {
        let request = format!("GET {path}");
        let answers = join_all((0..50).map(|_| live.ask(&request, &[]))).await;
        let passed = answers.iter().filter(|answer| answer.status() == 200).count();
        let refused = answers.iter().filter(|answer| answer.status() == 429).count();
        assert_eq!((passed, refused), (10, 40), "{path}");
        live.time.advance(Duration::from_mins(1));
    }
    live.end().await;
}

#[tokio::test]
async fn whoever_is_refused_reads_when_to_come_back_and_then_passes() {
    let live = start(&[("gateway.rate_limit.address", "40/m burst 1")]).await;
    assert_eq!(live.ask("GET /api/near/plain", &[]).await.status(), 200);
    live.time.advance(Duration::from_millis(1));
    let refused = live.ask("GET /api/near/plain", &[]).await;
    assert_eq!(refused.error(), (429, "too many requests".to_owned()));
    assert_eq!(refused.json()["code"], "rate_limited");
    assert_eq!(
        refused.head.header("retry-after"),
        Some("2"),
        "1.499 s, rounded up"
    );
    live.time.advance(Duration::from_millis(1498));
    assert_eq!(live.ask("GET /api/near/plain", &[]).await.status(), 429);
    live.time.advance(Duration::from_millis(1));
    assert_eq!(live.ask("GET /api/near/plain", &[]).await.status(), 200);
    live.end().await;
}

#[tokio::test]
async fn whatever_an_address_sends_counts_before_it_is_looked_at() {
    let live = start(&[("gateway.rate_limit.address", "4/m burst 4")]).await;
    let token = "Authorization: Bearer a.b.c";
    for (line, expected) in [
        ("GET /api/near/mine", 401),
        ("GET /api/nothing", 404),
        ("GET /api/near/%2e%2e/mine", 400),
        ("DELETE /api/near/plain", 405),
        ("GET /api/near/mine", 429),
        ("GET /api/nothing", 429),
        ("GET /api/near/%2e%2e/mine", 429),
    ] {
        assert_eq!(live.ask(line, &[token]).await.status(), expected, "{line}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_user_has_one_limit_on_all_routes_and_others_have_their_own() {
    let live = start(&[("gateway.rate_limit.user", "2/m burst 2")]).await;
    let (user, other) = (
        live.user.authorization.as_str(),
        live.other.authorization.as_str(),
    );
    for (line, person, expected) in [
        ("GET /api/near/mine", user, 200),
        ("GET /api/far/mine", user, 200),
        ("GET /api/near/mine", user, 429),
        ("GET /api/far/mine", user, 429),
        ("GET /api/near/mine", other, 200),
        // Where nobody asks who it is, it is the address alone that counts.
        ("GET /api/near/plain", user, 200),
    ] {
        assert_eq!(live.ask(line, &[person]).await.status(), expected, "{line}");
    }
    let counted = live.metrics.encode();
    assert!(counted.contains("stoa_gateway_rate_limited_total{limit=\"user\"} 2"));
    live.end().await;
}

#[tokio::test]
async fn a_strict_route_has_a_tighter_limit_of_its_own() {
    let live = start(&[("gateway.rate_limit.strict", "2/m burst 2")]).await;
    assert_eq!(
        statuses(&live, 4, "POST /api/near/guess", &[]).await,
        [200, 200, 429, 429]
    );
    assert_eq!(
        statuses(&live, 3, "POST /api/near/recover", &[]).await,
        [200, 200, 429]
    );
    assert_eq!(
        statuses(&live, 3, "POST /api/far/guess", &[]).await,
        [200, 200, 429]
    );
    assert_eq!(
        statuses(&live, 3, "GET /api/near/plain", &[]).await,
        [200, 200, 200]
    );
    let counted = live.metrics.encode();
    assert!(counted.contains("stoa_gateway_rate_limited_total{limit=\"route\"} 4"));
    live.end().await;
}

#[tokio::test]
async fn a_route_of_the_configuration_may_have_a_limit_of_its_own() {
    let routes = r#"[
        {"prefix":"/own","target":"http://127.0.0.1:1","access":"public","rate_limit":"1/m burst 2"},
        {"prefix":"/free","target":"http://127.0.0.1:1","access":"public"}
    ]"#;
    let live = start(&[("gateway.routes", routes), ("gateway.rate_limit.strict", "1/m")]).await;
    assert_eq!(statuses(&live, 3, "GET /own/a", &[]).await, [503, 503, 429]);
    assert_eq!(statuses(&live, 3, "GET /free/a", &[]).await, [503, 503, 503]);
    live.end().await;
}

#[tokio::test]
async fn each_client_of_a_listed_proxy_has_a_limit_of_its_own() {
    let keys = [
        ("gateway.rate_limit.address", "1/m"),
        ("gateway.trusted_proxies", "127.0.0.1"),
    ];
    let live = start(&keys).await;
    for (chain, expected) in [
        ("198.51.100.1", 200),
        ("198.51.100.2", 200),
        ("198.51.100.1", 429),
        // What the client wrote itself stands before what the proxy wrote.
        ("203.0.113.77, 198.51.100.1", 429),
        ("2001:db8:0:1::1", 200),
        ("2001:db8:0:1:ffff::2", 429),
        ("2001:db8:0:2::1", 200),
    ] {
        let header = format!("X-Forwarded-For: {chain}");
        let answer = live.ask("GET /api/near/plain", &[&header]).await;
        assert_eq!(answer.status(), expected, "{chain}");
    }
    live.end().await;
}

#[tokio::test]
async fn who_is_no_listed_proxy_cannot_choose_an_address() {
    let live = start(&[("gateway.rate_limit.address", "1/m burst 2")]).await;
    for (number, expected) in [(1, 200), (2, 200), (3, 429)] {
        let header = format!("X-Forwarded-For: 198.51.100.{number}");
        let answer = live.ask("GET /api/near/whence", &[&header]).await;
        assert_eq!(answer.status(), expected);
    }
    live.end().await;
}

#[tokio::test]
async fn a_service_in_the_process_is_told_the_client_and_a_peer_the_way_here() {
    let live = start(&[("gateway.trusted_proxies", "127.0.0.1")]).await;
    let chain = "X-Forwarded-For: 203.0.113.77, 198.51.100.1";
    let near = live.ask("GET /api/near/whence", &[chain]).await.json();
    assert_eq!(near["client"], "198.51.100.1");
    let far = live.ask("GET /api/far/whence", &[chain]).await.json();
    assert_eq!(far["chain"], "203.0.113.77, 198.51.100.1, 127.0.0.1");
    let direct = live.ask("GET /api/near/whence", &[]).await.json();
    assert_eq!(direct["client"], "127.0.0.1");
    live.end().await;
}

#[tokio::test]
async fn without_limits_nobody_is_refused() {
    let keys = [
        ("gateway.rate_limit.enabled", "false"),
        ("gateway.rate_limit.address", "1/h"),
        ("gateway.rate_limit.strict", "1/h"),
    ];
    let live = start(&keys).await;
    assert_eq!(statuses(&live, 20, "POST /api/near/guess", &[]).await, [200; 20]);
    live.end().await;
}
