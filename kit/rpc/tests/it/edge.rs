//! What only a network can do to a call, and what the internal routes refuse.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use kit_rpc::INTERNAL_KEY;
use kit_rpc::pool::{Pool, PoolSettings};
use kit_runtime::Lifecycle;
use kit_testing::pass_time;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ledger::{CALL_LIMIT, LedgerError, Scripted, call, client, keys, script, serve};
use crate::pool::{LONG, bounds};
use crate::raw::{RawServer, nowhere, read_request, write};

/// An answer below HTTP with JSON, or what claims to be.
fn answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn two_keys_are_good_while_they_rotate() {
    let (lifecycle, service) = (Lifecycle::new(), Arc::new(Scripted::default()));
    let address = serve(&lifecycle, &service, &keys(&["new", "old"])).await;
    for sent in [&["old"][..], &["new"], &["new", "old"], &["old", "new"]] {
        let ledger = client(&lifecycle, &address, &keys(sent));
        assert!(ledger.look(&call(), script(&[])).await.is_ok(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_removed_key_is_good_no_more() {
    let (lifecycle, service) = (Lifecycle::new(), Arc::new(Scripted::default()));
    let address = serve(&lifecycle, &service, &keys(&["new"])).await;
    let ledger = client(&lifecycle, &address, &keys(&["old"]));
    assert_eq!(
        ledger.look(&call(), script(&[])).await.unwrap_err(),
        LedgerError::Internal
    );
    assert_eq!(service.attempts(), 0);
}

#[tokio::test]
async fn a_peer_that_is_down_surely_did_nothing() {
    let lifecycle = Lifecycle::new();
    let ledger = client(&lifecycle, &nowhere().await, &keys(&["one"]));
    let failure = ledger.change(&call(), script(&[])).await.unwrap_err();
    assert_eq!(failure, LedgerError::Unavailable);
    let failure = ledger.look(&call(), script(&[])).await.unwrap_err();
    assert_eq!(failure, LedgerError::Unavailable);
}

#[tokio::test]
async fn a_connection_cut_after_the_call_was_read_leaves_it_unknown() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::saying(&lifecycle.tasks(), "").await;
    let ledger = client(&lifecycle, &server.address, &keys(&["one"]));
    let failure = ledger.change(&call(), script(&[])).await.unwrap_err();
    assert_eq!(failure, LedgerError::Unknown);
    assert_eq!(server.accepted(), 1, "a command was sent again");
    let failure = ledger.look(&call(), script(&[])).await.unwrap_err();
    assert_eq!(failure, LedgerError::Unknown);
    assert_eq!(server.accepted(), 4, "a query is sent three times");
}

#[tokio::test]
async fn every_answer_that_is_none_has_its_outcome() {
    let json = "application/json";
    let cases = [
        (answer("200 OK", json, "{\"Ok\":"), LedgerError::Internal),
        (
            answer("200 OK", json, "{\"Ok\":{\"other\":1}}"),
            LedgerError::Internal,
        ),
        (
            answer("200 OK", json, "{\"Err\":\"Renamed\"}"),
            LedgerError::Internal,
        ),
        (
            answer("200 OK", "text/html", "{\"Err\":\"Unknown\"}"),
            LedgerError::Internal,
        ),
        (answer("302 Found", json, ""), LedgerError::Internal),
        (answer("400 Bad Request", json, "{}"), LedgerError::Internal),
        (answer("401 Unauthorized", json, "{}"), LedgerError::Internal),
        (answer("404 Not Found", json, "{}"), LedgerError::Internal),
        (
            answer("500 Internal Server Error", json, "{}"),
            LedgerError::Internal,
        ),
        (answer("502 Bad Gateway", json, "{}"), LedgerError::Unknown),
        (
            answer("503 Service Unavailable", json, "{}"),
            LedgerError::Unknown,
        ),
        (answer("504 Gateway Timeout", json, "{}"), LedgerError::Unknown),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), LedgerError::Unknown),
    ];
    let lifecycle = Lifecycle::new();
    for (said, expected) in cases {
        let server = RawServer::saying(&lifecycle.tasks(), said.as_str()).await;
        let ledger = client(&lifecycle, &server.address, &keys(&["one"]));
        let failure = ledger.change(&call(), script(&[])).await.unwrap_err();
        assert_eq!(failure, expected, "{said:?}");
    }
}

#[tokio::test]
async fn a_call_is_a_post_below_the_peers_prefix_with_key_and_trace() {
    let lifecycle = Lifecycle::new();
    let (sender, received) = tokio::sync::oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let server = RawServer::start(&lifecycle.tasks(), move |_, mut stream| {
        let sender = sender.lock().unwrap().take().unwrap();
        async move {
            sender.send(read_request(&mut stream).await.unwrap()).unwrap();
            write(
                &mut stream,
                &answer("200 OK", "application/json", "{\"Err\":\"Internal\"}"),
            )
            .await;
        }
    })
    .await;
    let prefixed = format!("{}/behind", server.address).parse().unwrap();
    let ledger = client(&lifecycle, &prefixed, &keys(&["one", "two"]));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let context = call().with_trace(trace.parse().ok(), Some("req_1".into()));
    ledger.look(&context, script(&[])).await.unwrap_err();
    let request = received.await.unwrap();
    assert!(
        request.starts_with("POST /behind/internal/rpc/ledger/look HTTP/1.1\r\n"),
        "{request}"
    );
    for line in [
        "content-type: application/json",
        "x-internal-key: one-is-the-name-of-this-internal-key",
        "x-request-id: req_1",
        &format!("traceparent: {trace}"),
    ] {
        assert!(
            request.contains(&format!("{line}\r\n")),
            "{line} is not in {request}"
        );
    }
}

/// Sends to the internal routes what no client of ours would.
struct Stranger {
    lifecycle: Lifecycle,
    service: Arc<Scripted>,
}

impl Stranger {
    fn new() -> Self {
        Self {
            lifecycle: Lifecycle::new(),
            service: Arc::new(Scripted::default()),
        }
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Response<Bytes> {
        let address = serve(&self.lifecycle, &self.service, &keys(&["one"])).await;
        let pool = Pool::new(PoolSettings::default(), self.lifecycle.tasks());
        let request = request.body(Full::new(body.into())).unwrap();
        let upstream = pool.upstream(&address).unwrap();
        upstream.exchange(request, bounds(LONG)).await.unwrap()
    }

    async fn error_of(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> (StatusCode, String) {
        let response = self.send(request, body).await;
        let error: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(error["status"], response.status().as_str());
        assert_eq!(self.service.attempts(), 0, "it reached the service");
        (response.status(), error["code"].as_str().unwrap().to_owned())
    }
}

fn look() -> http::request::Builder {
    Request::post("/internal/rpc/ledger/look").header("content-type", "application/json")
}

fn known_look() -> http::request::Builder {
    look().header(INTERNAL_KEY, keys(&["one"]).to_send())
}

#[tokio::test]
async fn without_the_key_nothing_is_even_read() {
    let stranger = Stranger::new();
    let refused = (StatusCode::UNAUTHORIZED, "invalid_internal_key".to_owned());
    assert_eq!(stranger.error_of(look(), "{").await, refused);
    let wrong = look().header(INTERNAL_KEY, "wrong");
    assert_eq!(stranger.error_of(wrong, "{").await, refused);
    let twice = known_look().header(INTERNAL_KEY, keys(&["one"]).to_send());
    assert_eq!(stranger.error_of(twice, "{").await, refused);
    let unknown = Request::post("/internal/rpc/ledger/burn");
    assert_eq!(stranger.error_of(unknown, "").await, refused);
}

#[tokio::test]
async fn a_call_that_is_none_is_refused_in_the_one_shape() {
    let stranger = Stranger::new();
    let known = |request: http::request::Builder| request.header(INTERNAL_KEY, keys(&["one"]).to_send());
    let unknown = Request::post("/internal/rpc/ledger/burn").header("content-type", "application/json");
    let plain = Request::post("/internal/rpc/ledger/look").header("content-type", "text/plain");
    let cases = [
        (known_look(), Bytes::from("{"), 400, "malformed_call"),
        (known_look(), Bytes::from(&b"\xff\xfe"[..]), 400, "malformed_call"),
        (
            known_look(),
            Bytes::from("{\"request\":{\"script\":[]}}"),
            400,
            "malformed_call",
        ),
        (known(plain), Bytes::from("{}"), 415, "unsupported_media_type"),
        (
            known(Request::post("/internal/rpc/ledger/look")),
            Bytes::from("{}"),
            415,
            "unsupported_media_type",
        ),
        (known(unknown), Bytes::from("{}"), 404, "not_found"),
        (
            known_look().method(Method::GET),
            Bytes::new(),
            405,
            "method_not_allowed",
        ),
        (
            known_look(),
            Bytes::from(vec![b' '; 8 * 1024 * 1024 + 1]),
            413,
            "body_too_large",
        ),
    ];
    for (request, body, status, code) in cases {
        let refused = stranger.error_of(request, body).await;
        assert_eq!((refused.0.as_u16(), refused.1.as_str()), (status, code));
    }
}

#[tokio::test]
async fn a_deadline_that_passed_on_the_way_is_told_without_trying() {
    let stranger = Stranger::new();
    let body = r#"{"context":{"actor":"anonymous","remaining_ms":0},"request":{"script":[]}}"#;
    let response = stranger.send(known_look(), body).await;
    assert_eq!(response.body(), "{\"Err\":{\"error\":\"unavailable\"}}");
    assert_eq!(
        response.headers()["content-type"],
        HeaderValue::from_static("application/json")
    );
    assert_eq!(stranger.service.attempts(), 0);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_leaves_it_unknown_at_the_deadline() {
    let lifecycle = Lifecycle::new();
    let (asked, mut asks) = mpsc::unbounded_channel();
    let server = RawServer::start(&lifecycle.tasks(), move |_, mut stream| {
        let asked = asked.clone();
        async move {
            read_request(&mut stream).await.unwrap();
            asked.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    })
    .await;
    let ledger = client(&lifecycle, &server.address, &keys(&["one"]));
    let context = call();
    let (answer, ()) = tokio::join!(ledger.look(&context, script(&[])), async {
        asks.recv().await.unwrap();
        pass_time(CALL_LIMIT).await;
    });
    assert_eq!(answer.unwrap_err(), LedgerError::Unknown);
}
