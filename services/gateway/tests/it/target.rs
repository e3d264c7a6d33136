//! What stands behind the gateway: one router, hosted in its process or served on a port of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as expected"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use kit_http::{Access, Route, RouteTable, Verified};
use kit_runtime::Tasks;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::wire::PATIENCE;

/// What a test sees of a target, and how it steers it.
pub(crate) struct Probe {
    seen: UnboundedReceiver<Seen>,
    next: UnboundedSender<Bytes>,
}

/// Something that happened at a target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A piece of a request's body arrived.
    Piece(String),
    /// The body of a request ended as it should.
    End,
    /// The body of a request broke off.
    Broken,
    /// A request that is never answered arrived.
    Waiting,
    /// Its sender gave up.
    GivenUp,
}

#[derive(Clone)]
struct Hands {
    seen: UnboundedSender<Seen>,
    pieces: Arc<Mutex<Option<UnboundedReceiver<Bytes>>>>,
}

impl Probe {
    pub(crate) async fn sees(&mut self) -> Seen {
        let waiting = tokio::time::timeout(PATIENCE, self.seen.recv());
        waiting.await.expect("something to happen").expect("a target")
    }

    /// Gives the answer of `/pieces` its next piece.
    pub(crate) fn give(&self, piece: &'static str) {
        self.next.send(Bytes::from_static(piece.as_bytes())).unwrap();
    }

    /// Ends the answer of `/pieces`.
    pub(crate) fn finish(&mut self) {
        self.next = unbounded_channel().0;
    }
}

/// How long `/slow` may take. It is let pass, not waited for.
pub(crate) const SLOW_LIMIT: Duration = Duration::from_mins(1);

/// The routes of a service whose paths all begin with `/name`.
pub(crate) fn table(service: &'static str) -> RouteTable {
    let at = |path: &str| -> &'static str { format!("/{service}{path}").leak() };
    let open =
        |method: Method, path: &str, operation| Route::new(method, at(path), operation, Access::Public);
    RouteTable::new(
        service,
        vec![
            open(Method::GET, "/echo", "echo"),
            open(Method::POST, "/echo", "echo_post"),
            Route::new(Method::GET, at("/mine"), "mine", Access::User),
            Route::new(Method::GET, at("/own/{id}"), "own", Access::Own),
            Route::new(Method::GET, at("/staff"), "staff", Access::Staff),
            Route::new(Method::GET, at("/admin"), "admin", Access::Admin),
            open(Method::GET, "/counts", "counts").through_gateway(Access::Staff),
            Route::new(Method::GET, at("/visit"), "visit", Access::Guest),
            open(Method::GET, "/items/{id}", "item"),
            open(Method::PUT, "/items/{id}", "put_item"),
            open(Method::GET, "/items/special", "special"),
            open(Method::GET, "/items/secret", "secret").own_port(),
            open(Method::GET, "/files/{*key}", "file"),
            open(Method::GET, "/pieces", "pieces"),
            open(Method::POST, "/upload", "upload").body_limit(1024 * 1024),
            open(Method::POST, "/small", "small").body_limit(16),
            open(Method::POST, "/early", "early").body_limit(1024 * 1024),
            open(Method::GET, "/never", "never"),
            open(Method::GET, "/slow", "slow").time_limit(SLOW_LIMIT),
            open(Method::GET, "/odd", "odd"),
            open(Method::GET, "/conflict", "conflict"),
        ],
    )
}

/// The router of such a service. It answers what nobody else does with what it saw.
pub(crate) fn router(service: &str) -> (Router, Probe) {
    let (seen, events) = unbounded_channel();
    let (next, pieces) = unbounded_channel();
    let hands = Hands {
        seen,
        pieces: Arc::new(Mutex::new(Some(pieces))),
    };
    let own = Router::new()
        .route("/pieces", get(answer_in_pieces))
        .route("/upload", post(take_in_pieces))
        .route("/small", post(take_in_pieces))
        .route("/early", post(|| async { "not read" }))
        .route("/never", any(never))
        .route("/slow", any(never))
        .route("/odd", get(odd))
        .route("/conflict", get(conflict))
        .with_state(hands);
    let router = Router::new().nest(&format!("/{service}"), own).fallback(echo);
    (router, Probe { seen: events, next })
}

/// Serves a router on a port of its own.
pub(crate) async fn serve(router: Router, tasks: &Tasks) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = tasks.stop();
    let served = router.into_make_service_with_connect_info::<SocketAddr>();
    tasks.spawn("target", async move {
        tokio::select! {
            served = axum::serve(listener, served) => served.unwrap(),
            () = stop.requested() => {}
        }
    });
    address
}

async fn echo(request: Request) -> Json<serde_json::Value> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().map(shown);
    let body = body.to_bytes();
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let verified = parts.extensions.get::<Verified>();
    Json(json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "headers": shown(&parts.headers),
        "trailers": trailers,
        "body": String::from_utf8_lossy(&body),
        "connection": connection.map(|info| info.0.port()),
        "verified": verified.map(|verified| verified.0.user_id.to_string()),
    }))
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

async fn answer_in_pieces(State(hands): State<Hands>) -> Response {
    let pieces = hands.pieces.lock().unwrap().take().unwrap();
    let stream = futures::stream::unfold(pieces, |mut pieces| async {
        let piece = pieces.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

async fn take_in_pieces(State(hands): State<Hands>, request: Request) -> &'static str {
    let mut body: BodyDataStream = request.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else {
            hands.seen.send(Seen::Broken).unwrap();
            return "broken";
        };
        let text = String::from_utf8_lossy(&piece).into_owned();
        hands.seen.send(Seen::Piece(text)).unwrap();
    }
    hands.seen.send(Seen::End).unwrap();
    "all of it"
}

/// Says when its sender gives up, by being dropped.
struct Waiting(Hands);

impl Drop for Waiting {
    fn drop(&mut self) {
        // Nobody listens any more once a test has ended.
        let _ = self.0.seen.send(Seen::GivenUp);
    }
}

async fn never(State(hands): State<Hands>) -> &'static str {
    hands.seen.send(Seen::Waiting).unwrap();
    let _waiting = Waiting(hands);
    std::future::pending().await
}

async fn odd() -> impl IntoResponse {
    let headers = [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=1"),
        ("x-internal-key", "leaked"),
        ("x-end-to-end", "1"),
        ("x-request-id", "the-targets-own"),
    ];
    (headers, "odd")
}

async fn conflict() -> impl IntoResponse {
    (StatusCode::CONFLICT, Json(json!({ "made": "by the target" })))
}
