//! A small service behind the real guard, stack and socket.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use http::{Extensions, Method, StatusCode};
use kit_http::extract::{ArrayPage, Json, Page, PageRequest, Path, Query};
use kit_http::server::{Endpoint, PeerAddress, RequestId, Server, ServerSettings, Stack};
use kit_http::{
    Access, Anyone, ApiError, Customer, Etag, Guard, Handlers, Holder, IfMatch, Route, RouteTable,
};
use kit_runtime::Ids;
use kit_telemetry::TraceParent;
use kit_testing::{Identity, TestProcess};
use kit_token::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::wire::Wire;

/// The limit of [`Note`]s, in bytes.
pub(crate) const NOTE_LIMIT: u64 = 1024;

/// What a note says, and how often.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    text: String,
    #[serde(default)]
    tags: Vec<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    q: String,
    #[serde(default)]
    most: u8,
}

/// The service, running, and what it tells of its `/wait`.
pub(crate) struct TestService {
    pub(crate) process: TestProcess,
    pub(crate) address: SocketAddr,
    pub(crate) stack: Stack,
    /// A word for each request that came to `/wait`, and one for each that left it.
    pub(crate) events: mpsc::UnboundedReceiver<&'static str>,
    /// Lets one request out of `/wait` with each permit.
    pub(crate) gate: Arc<Semaphore>,
}

#[derive(Clone)]
struct Waiting {
    sender: mpsc::UnboundedSender<&'static str>,
    gate: Arc<Semaphore>,
}

/// Says so when it is dropped.
struct Left(mpsc::UnboundedSender<&'static str>);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = self.0.send("left");
    }
}

impl TestService {
    pub(crate) async fn start() -> Self {
        Self::start_with(ServerSettings::default()).await
    }

    pub(crate) async fn start_with(settings: ServerSettings) -> Self {
        let process = TestProcess::new();
        let (sender, events) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let waiting = Waiting {
            sender,
            gate: gate.clone(),
        };
        let router = router(&process, waiting);
        let stack = Stack::new(Ids::system(), &process.metrics);
        Self {
            address: serve_with(&process, stack.clone(), settings, router).await,
            process,
            stack,
            events,
            gate,
        }
    }

    pub(crate) async fn wire(&self) -> Wire {
        Wire::open(self.address).await
    }

    /// A header line that signs somebody of this role in.
    pub(crate) fn bearer(&self, role: Role) -> String {
        let token = self.process.sign_in(&Identity::new("ada", role));
        format!("Authorization: Bearer {token}\r\n")
    }

    /// A connection to something else behind the same stack.
    pub(crate) async fn wire_to<E: Endpoint>(&self, endpoint: E) -> Wire {
        Wire::open(serve(&self.process, self.stack.clone(), endpoint).await).await
    }

    pub(crate) async fn end(self) {
        self.process.lifecycle.end().await;
    }
}

/// Serves anything on a free port.
pub(crate) async fn serve<E: Endpoint>(process: &TestProcess, stack: Stack, endpoint: E) -> SocketAddr {
    serve_with(process, stack, ServerSettings::default(), endpoint).await
}

async fn serve_with<E: Endpoint>(
    process: &TestProcess,
    stack: Stack,
    settings: ServerSettings,
    endpoint: E,
) -> SocketAddr {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(anywhere, settings).await.unwrap();
    let address = server.address().unwrap();
    server.serve(endpoint, stack, &process.lifecycle.tasks());
    address
}

pub(crate) fn table() -> RouteTable {
    let get = |pattern, operation, access| Route::new(Method::GET, pattern, operation, access);
    RouteTable::new(
        "notes",
        vec![
            get("/", "greet", Access::Public),
            get("/seen", "seen", Access::Public),
            get("/panic", "panic", Access::Public),
            get("/broken", "broken", Access::Public),
            get("/wait", "wait", Access::Public).time_limit(Duration::from_hours(1)),
            get("/late", "late", Access::Public).time_limit(Duration::from_millis(50)),
            get("/search", "search", Access::Public),
            get("/notes", "list", Access::Public),
            get("/notes/{id}", "get", Access::Public),
            Route::new(Method::POST, "/notes", "create", Access::Public).body_limit(NOTE_LIMIT),
            Route::new(Method::PUT, "/notes/{id}", "change", Access::Public),
            Route::new(Method::POST, "/refuse", "refuse", Access::Public).body_limit(1 << 30),
            get("/user", "user", Access::User),
            get("/guest", "guest", Access::Guest),
            get("/own", "own", Access::Own),
            get("/held", "held", Access::Holder),
            get("/staff", "staff", Access::Staff),
            get("/admin", "admin", Access::Admin),
        ],
    )
}

fn router(process: &TestProcess, waiting: Waiting) -> Router {
    let guard = Guard::new(process.verifier.clone());
    let handlers = Handlers::new(table(), guard)
        .on("greet", greet)
        .on("seen", seen)
        .on("panic", panics)
        .on("broken", broken)
        .on("wait", wait)
        .on("late", std::future::pending::<StatusCode>)
        .on("search", search)
        .on("list", list)
        .on("get", get)
        .on("create", create)
        .on("change", change)
        .on("refuse", refuse)
        .on("user", whoami)
        .on("guest", who_if_anybody)
        .on("own", whoami)
        .on("held", holder)
        .on("staff", whoami)
        .on("admin", whoami);
    handlers.finish(waiting).unwrap()
}

async fn greet() -> &'static str {
    "hello"
}

/// What the stack tells a handler.
async fn seen(extensions: Extensions) -> Json<Value> {
    Json(json!({
        "request_id": &*extensions.get::<RequestId>().unwrap().0,
        "trace": extensions.get::<TraceParent>().unwrap().to_string(),
        "peer": extensions.get::<PeerAddress>().unwrap().0.to_string(),
    }))
}

#[expect(clippy::panic, reason = "the story is about it")]
async fn panics() -> StatusCode {
    panic!("the secret of the handler")
}

async fn broken() -> ApiError {
    ApiError::internal("the secret of the database")
}

async fn wait(State(waiting): State<Waiting>) -> &'static str {
    waiting.sender.send("came").unwrap();
    let _left = Left(waiting.sender.clone());
    waiting.gate.acquire().await.unwrap().forget();
    "waited"
}

async fn search(Query(search): Query<Search>) -> Json<Value> {
    Json(json!({ "q": search.q, "most": search.most }))
}

async fn list(request: PageRequest) -> Response {
    let after = request.after.clone().unwrap_or_default();
    let notes = ["a", "b", "c", "d", "e"];
    let found = notes.into_iter().filter(|note| **note > *after);
    let found: Vec<_> = found.take(request.limit as usize + 1).collect();
    ArrayPage(Page::cut(found, &request, |note| (*note).to_owned())).reply(&request)
}

async fn get(Path(id): Path<u32>) -> (Etag, Json<Value>) {
    (Etag(7), Json(json!({ "id": id })))
}

async fn create(Json(note): Json<Note>) -> Json<Note> {
    Json(note)
}

async fn change(seen: IfMatch) -> Result<StatusCode, ApiError> {
    if seen.allows(7) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::precondition_failed())
    }
}

/// Refuses without a look at the body.
async fn refuse() -> ApiError {
    ApiError::conflict("refused", "not now")
}

async fn who_if_anybody(Anyone(caller): Anyone) -> String {
    caller.map_or_else(|| "nobody".to_owned(), |caller| caller.username.clone())
}

async fn holder(holder: Holder) -> String {
    match holder {
        Holder::User(user) => user.username.clone(),
        Holder::Guest(token) => format!("guest {token}"),
    }
}

async fn whoami(Customer(caller): Customer) -> String {
    caller.username.clone()
}
