//! What every answer carries, whoever made it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use kit_http::server::{AdminEndpoint, Endpoint};
use kit_http::{ApiError, FieldError, ReplyBody, RequestBody};
use serde_json::json;

use crate::service::TestService;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_request_keeps_a_valid_identifier_and_gets_one_otherwise() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for kept in ["req-1.A_b", &"x".repeat(128)] {
        let answer = wire.ask("GET /seen", &format!("X-Request-Id: {kept}\r\n")).await;
        assert_eq!(answer.header("x-request-id"), kept);
        assert_eq!(answer.json()["request_id"], kept);
    }
    let mut made = Vec::new();
    for replaced in ["", "a b", "a\"b", "<x>", "caf\u{e9}", &"x".repeat(129)] {
        let answer = wire
            .ask("GET /seen", &format!("X-Request-Id: {replaced}\r\n"))
            .await;
        let id = answer.header("x-request-id").to_owned();
        assert!(id.starts_with("req_") && id.len() == 36, "{replaced}: {id}");
        assert_eq!(answer.json()["request_id"], id);
        made.push(id);
    }
    made.push(wire.ask("GET /seen", "").await.header("x-request-id").to_owned());
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 7, "each has one of its own");
    service.end().await;
}

#[tokio::test]
async fn an_answer_has_one_identifier_even_where_a_handler_set_another() {
    #[derive(Clone)]
    struct Chatty;
    impl Endpoint for Chatty {
        async fn call(&self, _: Request<RequestBody>) -> Response<ReplyBody> {
            let mut response = Response::new(ReplyBody::from(Bytes::from_static(b"hi")));
            let headers = response.headers_mut();
            headers.append("x-request-id", "one".parse().unwrap());
            headers.append("x-request-id", "two".parse().unwrap());
            response
        }
    }
    let service = TestService::start().await;
    let mut wire = service.wire_to(Chatty).await;
    let answer = wire.ask("GET /", "X-Request-Id: mine\r\n").await;
    let ids: Vec<_> = answer.headers.get_all("x-request-id").iter().collect();
    assert_eq!(ids, ["mine"]);
    service.end().await;
}

#[tokio::test]
async fn a_trace_goes_on_and_a_broken_one_begins_anew() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let given = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = wire.ask("GET /seen", &format!("Traceparent: {given}\r\n")).await;
    assert_eq!(answer.json()["trace"], given);
    for broken in [
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        "nonsense".to_owned(),
        String::new(),
    ] {
        let answer = wire.ask("GET /seen", &format!("traceparent: {broken}\r\n")).await;
        let trace = answer.json()["trace"].as_str().unwrap().to_owned();
        assert_eq!(trace.len(), 55, "{trace}");
        assert!(
            !trace.contains(TRACE) && !trace.contains(&"0".repeat(32)),
            "{trace}"
        );
    }
    service.end().await;
}

#[tokio::test]
async fn a_handler_knows_the_other_end_of_the_connection() {
    let service = TestService::start().await;
    let answer = service.wire().await.ask("GET /seen", "").await;
    let peer = answer.json()["peer"].as_str().unwrap().to_owned();
    assert!(peer.starts_with("127.0.0.1:") && peer != service.address.to_string());
    service.end().await;
}

#[tokio::test]
async fn a_refusal_has_the_one_shape() {
    let service = TestService::start().await;
    let answer = service.wire().await.ask("GET /nowhere", "").await;
    assert_eq!(answer.refusal(404), "there is nothing at this path");
    assert_eq!(
        answer.json(),
        json!({
            "status": "404", "message": "there is nothing at this path", "code": "not_found",
            "request_id": answer.header("x-request-id"),
        })
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    service.end().await;
}

#[tokio::test]
async fn the_same_facts_come_as_problem_details_for_who_asks() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let accept = "Accept: text/html, application/problem+json\r\n";
    let answer = wire.send_body("POST /notes", accept, r#"{"txt":1}"#).await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body = answer.json();
    assert_eq!(body["type"], "about:blank");
    assert_eq!(body["title"], "Bad Request");
    assert_eq!(body["status"], 400);
    assert_eq!(body["code"], "validation_failed");
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    assert_eq!(body["errors"][0]["pointer"], "/txt");
    let plain = wire
        .send_body("POST /notes", "Accept: */*\r\n", r#"{"txt":1}"#)
        .await;
    assert_eq!(plain.json()["message"], body["detail"]);
    plain.refusal(400);
    service.end().await;
}

#[tokio::test]
async fn a_panic_tells_nothing_and_the_connection_lives_on() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for path in ["/panic", "/broken"] {
        let answer = wire.ask(&format!("GET {path}"), "").await;
        assert_eq!(answer.refusal(500), "internal error");
        assert_eq!(answer.json()["code"], "internal");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
        assert!(!format!("{:?}", answer.headers).contains("secret"));
    }
    assert_eq!(wire.ask("GET /", "").await.body, b"hello");
    service.end().await;
}

#[tokio::test]
async fn a_handlers_error_keeps_its_status_fields_and_headers() {
    #[derive(Clone)]
    struct Refusing;
    impl Endpoint for Refusing {
        async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
            let error = match request.uri().path() {
                "/fields" => ApiError::invalid(vec![
                    FieldError::new("/a", "is odd"),
                    FieldError::new("/b", "too"),
                ]),
                "/busy" => ApiError::unavailable("Order service unavailable"),
                "/token" => ApiError::unauthorized("invalid_token", "Invalid or expired token"),
                _ => ApiError::method_not_allowed(Some("GET, PUT".parse().unwrap())),
            };
            error.into_reply()
        }
    }
    let service = TestService::start().await;
    let mut wire = service.wire_to(Arc::new(Refusing)).await;
    let fields = wire.ask("GET /fields", "").await;
    assert_eq!(fields.refusal(400), "/a: is odd");
    assert_eq!(
        fields.json()["errors"],
        json!([{ "pointer": "/a", "message": "is odd" }, { "pointer": "/b", "message": "too" }])
    );
    let busy = wire.ask("GET /busy", "").await;
    assert_eq!(busy.refusal(503), "Order service unavailable");
    assert_eq!(busy.header("retry-after"), "1");
    let token = wire.ask("GET /token", "").await;
    token.refusal(401);
    assert_eq!(token.header("www-authenticate"), "Bearer");
    let method = wire.ask("GET /method", "").await;
    method.refusal(405);
    assert_eq!(method.header("allow"), "GET, PUT");
    service.end().await;
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for path in [
        "/", "/", "/notes/1", "/notes/2", "/notes/x", "/user", "/nowhere", "/panic",
    ] {
        wire.ask(&format!("GET {path}"), "").await;
    }
    let admin = AdminEndpoint {
        metrics: service.process.metrics.clone(),
        readiness: service.process.readiness.clone(),
    };
    let mut admin = service.wire_to(admin).await;
    let metrics = admin.ask("GET /metrics", "").await;
    assert!(
        metrics
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = String::from_utf8(metrics.body).unwrap();
    let counted = |service: &str, operation: &str, status: u16| {
        let labels = format!(r#"{{service="{service}",operation="{operation}",status="{status}"}} "#);
        let line = text.lines().find_map(|line| {
            line.strip_prefix("stoa_http_request_seconds_count")?
                .strip_prefix(&labels)
        });
        line.map_or(0, |count| count.parse().unwrap())
    };
    assert_eq!(counted("notes", "greet", 200), 2);
    assert_eq!(counted("notes", "get", 200), 2, "one label for every note");
    assert_eq!(counted("notes", "get", 400), 1);
    assert_eq!(counted("notes", "user", 401), 1, "refusals count for their route");
    assert_eq!(counted("none", "none", 404), 1);
    assert_eq!(counted("notes", "panic", 500), 1, "and panics too");
    assert!(!text.contains("nowhere"), "an attacker's paths make no labels");
    assert_eq!(
        admin.ask("GET /elsewhere", "").await.refusal(404),
        "there is nothing at this path"
    );
    assert_eq!(
        admin.send_body("POST /metrics", "", "{}").await.header("allow"),
        "GET, HEAD"
    );
    service.end().await;
}

#[tokio::test]
async fn readiness_names_what_is_missing() {
    let service = TestService::start().await;
    let gate = service.process.readiness.gate("test.keys");
    let admin = AdminEndpoint {
        metrics: service.process.metrics.clone(),
        readiness: service.process.readiness.clone(),
    };
    let mut admin = service.wire_to(admin).await;
    assert_eq!(admin.ask("GET /livez", "").await.status, 200);
    let missing = admin.ask("GET /readyz", "").await;
    assert_eq!(missing.status, 503);
    assert!(String::from_utf8_lossy(&missing.body).contains("test.keys"));
    gate.open();
    let ready = admin.ask("GET /readyz", "").await;
    assert_eq!((ready.status, ready.json()), (200, json!({ "status": "ready" })));
    let verbose = admin.ask("GET /readyz?verbose", "").await;
    assert!(String::from_utf8_lossy(&verbose.body).contains("test.keys"));
    service.process.readiness.drain();
    assert_eq!(admin.ask("GET /readyz", "").await.status, 503);
    assert_eq!(admin.ask("GET /livez", "").await.status, 200);
    service.end().await;
}
