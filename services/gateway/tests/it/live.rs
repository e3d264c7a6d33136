//! A gateway before a service with long answers and sockets, once in its process and once on a port of its
//! own; both with the guard and the server that every service has.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as expected"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gateway::{Backend, Gateway, GatewayDeps};
use http::{Extensions, HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kit_http::extract::Json;
use kit_http::server::{ClientAddress, Endpoint, Server, ServerSettings, Stack};
use kit_http::{Access, Guard, Handlers, Route, RouteTable};
use kit_redis::Redis;
use kit_runtime::{Clock, FakeClock, Ids, Lifecycle, Readiness, Stop, Tasks, Timestamp};
use kit_service::PeerLocation;
use kit_telemetry::Metrics;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::harness::{Person, internal_keys, person, verifier};
use crate::wire::{Answer, PATIENCE, Wire};
use kit_token::Role;

/// A running gateway and the two services behind it.
pub(crate) struct Live {
    pub(crate) address: SocketAddr,
    /// Under `/api/near/…`, in the gateway's process.
    pub(crate) near: Watch,
    /// Under `/api/far/…`, on a port of its own.
    pub(crate) far: Watch,
    /// The gateway's clock.
    pub(crate) time: FakeClock,
    pub(crate) metrics: Metrics,
    pub(crate) user: Person,
    pub(crate) other: Person,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) far_lifecycle: Lifecycle,
}

/// What a test sees of a service, and how it steers it.
pub(crate) struct Watch {
    seen: UnboundedReceiver<Seen>,
    next: UnboundedSender<Bytes>,
}

/// Something that happened at a service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A socket was opened.
    Opened,
    /// It ended.
    Closed,
    /// A request that is never answered arrived.
    Waiting,
    /// The stream of events ended, by the service or by nobody reading it.
    StreamEnded,
}

#[derive(Clone)]
struct Hands {
    seen: UnboundedSender<Seen>,
    events: Arc<Mutex<Option<UnboundedReceiver<Bytes>>>>,
    tasks: Tasks,
    stop: Stop,
}

impl Watch {
    pub(crate) async fn sees(&mut self) -> Seen {
        let waiting = tokio::time::timeout(PATIENCE, self.seen.recv());
        waiting.await.expect("something to happen").expect("a service")
    }

    /// Sends the next event of `/events`.
    pub(crate) fn give(&self, event: &'static str) {
        self.next.send(Bytes::from_static(event.as_bytes())).unwrap();
    }
}

/// What rates are judged by.
struct RateLimiting {
    time: FakeClock,
    clock: Clock,
    redis: Option<Redis>,
}

impl Live {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[], ServerSettings::default()).await
    }

    /// With these configuration keys, and the sockets of gateway and service so limited.
    pub(crate) async fn start_with(keys: &[(&str, &str)], settings: ServerSettings) -> Self {
        let time = FakeClock::at(Timestamp::from_seconds(1_700_000_000));
        let clock = time.clock();
        Self::start_on(
            keys,
            settings,
            RateLimiting {
                time,
                clock,
                redis: None,
            },
        )
        .await
    }

    /// One of several gateways that count together, at the time that it is.
    pub(crate) async fn start_counting(keys: &[(&str, &str)], redis: Redis) -> Self {
        let rate_limiting = RateLimiting {
            time: FakeClock::at(Timestamp::from_seconds(0)),
            clock: Clock::system(),
            redis: Some(redis),
        };
        Self::start_on(keys, ServerSettings::default(), rate_limiting).await
    }

    async fn start_on(keys: &[(&str, &str)], settings: ServerSettings, rate_limiting: RateLimiting) -> Self {
        let (lifecycle, far_lifecycle) = (Lifecycle::new(), Lifecycle::new());
        let (near_router, near) = service("near", &lifecycle.tasks());
        let (far_router, far) = service("far", &far_lifecycle.tasks());
        let far_address = serve(far_router, ServerSettings::default(), &far_lifecycle.tasks()).await;
        let metrics = Metrics::new();
        let backend = |service, location| Backend {
            table: table(service).display("Live"),
            location,
        };
        let far_location = PeerLocation::Remote(format!("http://{far_address}").parse().unwrap());
        let deps = GatewayDeps {
            verifier: verifier(),
            services: vec![
                backend("near", PeerLocation::Hosted(near_router)),
                backend("far", far_location),
            ],
            internal_keys: internal_keys(),
            tasks: lifecycle.tasks(),
            readiness: Readiness::new(),
            clock: rate_limiting.clock,
            redis: rate_limiting.redis,
            metrics: metrics.clone(),
        };
        let gateway = Gateway::new(kit_config::test_values(keys), deps).unwrap();
        Self {
            address: serve(gateway, settings, &lifecycle.tasks()).await,
            near,
            far,
            time: rate_limiting.time,
            metrics,
            user: person(1, Role::Customer),
            other: person(2, Role::Customer),
            lifecycle,
            far_lifecycle,
        }
    }

    /// What a test sees of the service that a path of the gateway leads to.
    pub(crate) fn watch(&mut self, path: &str) -> &mut Watch {
        if path.starts_with("/api/near/") {
            &mut self.near
        } else {
            &mut self.far
        }
    }

    pub(crate) async fn wire(&self) -> Wire {
        Wire::open(self.address).await
    }

    /// One request without a body, on a fresh connection.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str]) -> Answer {
        let mut wire = self.wire().await;
        wire.request(line, headers).await;
        wire.answer().await
    }

    pub(crate) async fn end(self) {
        self.far_lifecycle.end().await;
        self.lifecycle.end().await;
    }
}

async fn serve<E: Endpoint>(endpoint: E, settings: ServerSettings, tasks: &Tasks) -> SocketAddr {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(anywhere, settings).await.unwrap();
    let address = server.address().unwrap();
    server.serve(endpoint, Stack::new(Ids::seeded(1), &Metrics::new()), tasks);
    address
}

/// How long the heads of `/events` and `/late` may take. It is let pass, not waited for.
pub(crate) const HEAD_LIMIT: Duration = Duration::from_mins(1);

fn table(service: &'static str) -> RouteTable {
    let at = |path: &str| -> &'static str { format!("/{service}{path}").leak() };
    let open = |path, operation| Route::new(Method::GET, at(path), operation, Access::Public);
    RouteTable::new(
        service,
        vec![
            open("/plain", "plain"),
            open("/whence", "whence"),
            open("/events", "events").time_limit(HEAD_LIMIT),
            open("/late", "late").time_limit(HEAD_LIMIT),
            open("/rude", "rude"),
            Route::new(Method::GET, at("/mine"), "mine", Access::User),
            Route::new(Method::GET, at("/socket"), "socket", Access::User),
            Route::new(Method::POST, at("/guess"), "guess", Access::Public).strict(),
            Route::new(Method::POST, at("/recover"), "recover", Access::Public).strict(),
        ],
    )
}

fn service(name: &'static str, tasks: &Tasks) -> (Router, Watch) {
    let (seen, happened) = unbounded_channel();
    let (next, events) = unbounded_channel();
    let hands = Hands {
        seen,
        events: Arc::new(Mutex::new(Some(events))),
        tasks: tasks.clone(),
        stop: tasks.stop(),
    };
    let handlers = Handlers::new(table(name), Guard::new(verifier()))
        .on("plain", show_head)
        .on("whence", show_origin)
        .on("events", send_events)
        .on("late", never_answer)
        .on("rude", switch_unasked)
        .on("mine", show_head)
        .on("socket", open_socket)
        .on("guess", show_head)
        .on("recover", show_head);
    let watch = Watch { seen: happened, next };
    (handlers.finish(hands).unwrap(), watch)
}

/// The names of the headers that arrived, and whether the connection is to be had.
async fn show_head(extensions: Extensions, headers: HeaderMap) -> Json<Value> {
    let names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    let upgradable = extensions.get::<OnUpgrade>().is_some();
    Json(json!({ "headers": names, "upgradable": upgradable }))
}

async fn show_origin(extensions: Extensions, headers: HeaderMap) -> Json<Value> {
    let client = extensions.get::<ClientAddress>();
    let chain = headers.get("x-forwarded-for");
    Json(json!({
        "client": client.map(|client| client.0.to_string()),
        "chain": chain.map(|chain| chain.to_str().unwrap()),
    }))
}

/// Says so when it is dropped.
struct ReportOnDrop(UnboundedSender<Seen>, Option<Seen>);

impl Drop for ReportOnDrop {
    fn drop(&mut self) {
        // Nobody listens any more once a test has ended.
        let _ = self.1.take().map(|seen| self.0.send(seen));
    }
}

/// Begins with what the client saw last.
async fn send_events(State(hands): State<Hands>, headers: HeaderMap) -> Response {
    let events = hands.events.lock().unwrap().take().unwrap();
    let last = headers.get("last-event-id");
    let last = last.map_or("none", |id| id.to_str().unwrap());
    let first = Bytes::from(format!("data: after {last}\n\n"));
    let ended = ReportOnDrop(hands.seen, Some(Seen::StreamEnded));
    let stream = futures::stream::unfold((Some(first), events, ended), |(first, mut events, ended)| async {
        let event = match first {
            Some(first) => first,
            None => events.recv().await?,
        };
        Some((Ok::<_, std::io::Error>(event), (None, events, ended)))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

async fn never_answer(State(hands): State<Hands>) -> StatusCode {
    hands.seen.send(Seen::Waiting).unwrap();
    std::future::pending().await
}

/// Answers 101 as somebody does who does not know what it means, and keeps whatever comes of it.
async fn switch_unasked(State(hands): State<Hands>, mut extensions: Extensions) -> Response {
    if let Some(connection) = extensions.remove::<OnUpgrade>() {
        hands.tasks.spawn("rude", async move {
            if let Ok(connection) = connection.await {
                let _ = TokioIo::new(connection).write_all(b"unread").await;
            }
        });
    }
    let headers = [("connection", "upgrade"), ("upgrade", "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

async fn open_socket(State(hands): State<Hands>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(4 << 20)
        .protocols(["echo"])
        .on_upgrade(|socket| echo(socket, hands))
}

/// Repeats what it is told; the word `wait` makes it listen to nothing but the end of the process.
async fn echo(mut socket: WebSocket, hands: Hands) {
    hands.seen.send(Seen::Opened).unwrap();
    let _closed = ReportOnDrop(hands.seen, Some(Seen::Closed));
    while let Some(Ok(message)) = socket.recv().await {
        match message {
            Message::Text(text) if text == "wait" => {
                hands.stop.requested().await;
                let frame = CloseFrame {
                    code: close_code::AWAY,
                    reason: "the process stops".into(),
                };
                let _ = socket.send(Message::Close(Some(frame))).await;
            }
            Message::Text(_) | Message::Binary(_) => {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
        }
    }
}
