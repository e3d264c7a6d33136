//! Auth in a process of its own, on either database, spoken to over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth::{AuthConfig, BuildError, Deps};
use auth_api::{AuthClient, KeyWatch, TokenConfig};
use axum::Router;
use futures::FutureExt;
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Reader, StoreError, Tx, sql};
use kit_runtime::{Clock, FakeClock, Ids, Secret, TimeSource, Timestamp};
use kit_testing::db::TestTarget;
use kit_testing::{AUDIENCE, Client, ISSUER, Reply, TestProcess};
use kit_token::{Claims, SigningKey, Verifier};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A password that the contracts use.
pub(crate) const PASSWORD: &str = "correct-horse-battery-9";

/// What every story runs with unless it says otherwise: cheap hashes, quickly made keys.
const USUAL: [(&str, &str); 4] = [
    ("token.issuer", ISSUER),
    ("token.audience", AUDIENCE),
    ("auth.algorithm", "EdDSA"),
    ("auth.password.bcrypt_cost", "4"),
];

/// Tells each story on SQLite and on PostgreSQL, at a fresh place.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: &Place) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let target = kit_testing::db::TestTarget::sqlite();
                $crate::world::at(target, async |$place: &$crate::world::Place| $body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let target = kit_testing::db::TestTarget::postgres().await;
                $crate::world::at(target, async |$place: &$crate::world::Place| $body).await;
            }
        }
    )+};
}
pub(crate) use on_both_databases;

/// What outlives a process: its tables, its data folder, and the time.
pub(crate) struct Place {
    target: TestTarget,
    time: FakeClock,
    data: TempDir,
    running: Mutex<Vec<Arc<TestProcess>>>,
}

/// Tells a story at a place, and clears the place away, also after a panic.
pub(crate) async fn at(target: TestTarget, story: impl AsyncFnOnce(&Place)) {
    let place = Place {
        target,
        time: TestProcess::new().time,
        data: TempDir::new().unwrap(),
        running: Mutex::default(),
    };
    let ended = AssertUnwindSafe(story(&place)).catch_unwind().await;
    for process in place.running.into_inner().unwrap() {
        process.lifecycle.end().await;
    }
    place.target.remove().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

impl Place {
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// A process at the place's time, which ends with the story.
    pub(crate) fn process(&self) -> Arc<TestProcess> {
        let mut process = TestProcess::new();
        process.time = self.time.clone();
        let process = Arc::new(process);
        self.running.lock().unwrap().push(process.clone());
        process
    }

    /// Lets time pass for every process at the place.
    pub(crate) fn advance(&self, span: Duration) {
        self.time.advance(span);
    }

    /// Where the tables are.
    pub(crate) fn db_target(&self) -> DbTarget {
        self.target.target()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.target.target(), DbTarget::Postgres { .. })
    }

    /// The key that auth made for itself, to say with it what auth never would.
    pub(crate) fn signing_key(&self) -> SigningKey {
        let pem = std::fs::read_to_string(self.data().join("keys/signing.pem")).unwrap();
        SigningKey::from_pem(&pem).unwrap()
    }
}

/// Auth, running.
pub(crate) struct World {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) bell: Bell,
    pub(crate) verifier: Verifier,
    pub(crate) db: Db,
    /// Its contract in this process.
    pub(crate) auth: AuthClient,
    /// Its contract's routes.
    pub(crate) internal: Router,
    /// The secret of the set-up link.
    pub(crate) setup: Option<Secret<String>>,
    pub(crate) address: SocketAddr,
    client: Client,
}

impl World {
    /// Starts auth with these settings beside the usual ones.
    pub(crate) async fn start(place: &Place, settings: &[(&str, &str)]) -> Self {
        Self::try_start(place, settings).await.expect("auth starts")
    }

    /// As [`World::start`], for a story in which it may not.
    pub(crate) async fn try_start(place: &Place, settings: &[(&str, &str)]) -> Result<Self, BuildError> {
        let token: TokenConfig = section("token.", settings);
        let config: AuthConfig = section("auth.", settings);
        let process = place.process();
        let bell = Bell::new(process.clock());
        let verifier = Verifier::new(token.rules(), process.clock()).unwrap();
        let db = open(place, &process).await;
        let deps = Deps {
            db: db.clone(),
            token: token.clone(),
            verifier: verifier.clone(),
            internal_keys: process.internal_keys(),
            data: place.data().to_owned(),
            clock: Clock::new(bell.clone()),
            ids: Ids::system(),
            tasks: process.lifecycle.tasks(),
            readiness: process.readiness.clone(),
        };
        let built = auth::build(&config, deps).await?;
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: process.readiness.gate("token.keys"),
        };
        let tasks = process.lifecycle.tasks();
        watch.start(&token, built.hosted.client.clone(), &tasks).unwrap();
        // Keys and the first news of revocations: before them every token is refused.
        process.ready().await;
        let address = process.serve(built.hosted.routes).await;
        Ok(Self {
            client: process.client(address),
            process,
            bell,
            verifier,
            db,
            auth: built.hosted.client,
            internal: built.hosted.internal,
            setup: built.setup,
            address,
        })
    }

    /// Ends the process; its place stays.
    pub(crate) async fn stop(self) {
        self.process.lifecycle.end().await;
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Registers somebody with the usual password and an address of the same name.
    pub(crate) async fn register(&self, username: &str) -> Value {
        self.client
            .post("/register", &registration(username))
            .await
            .expect(200)
    }

    pub(crate) async fn log_in(&self, login: &str, password: &str) -> Reply {
        let body = json!({ "username": login, "password": password });
        self.client.post("/login", &body).await
    }

    /// Registers somebody and signs them in; what the login answered.
    pub(crate) async fn sign_up(&self, username: &str) -> Value {
        self.register(username).await;
        self.log_in(username, PASSWORD).await.expect(200)
    }

    pub(crate) async fn validate(&self, token: &str) -> Reply {
        self.client.post("/validate", &json!({ "token": token })).await
    }

    pub(crate) async fn me(&self, token: &str) -> Reply {
        self.client.with_token(token).get("/me").await
    }

    /// What a token of auth says, once its signature is found good.
    pub(crate) fn claims(&self, token: &str) -> Claims {
        self.verifier.verify(token).unwrap();
        serde_json::from_value(part(token, 1)).unwrap()
    }

    /// The first column of a query, as text.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        let rows = self
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        let rows = rows.await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, query: &'static str) -> usize {
        self.texts(query).await.len()
    }

    /// Changes rows behind auth's back.
    pub(crate) async fn execute(&self, statement: &'static str) -> u64 {
        self.db
            .write(async move |tx: &mut Tx| sql(statement).execute(tx).await)
            .await
            .map_err(StoreError::from)
            .unwrap()
    }
}

async fn open(place: &Place, process: &TestProcess) -> Db {
    let deps = DbDeps {
        tasks: process.lifecycle.tasks(),
        clock: process.clock(),
        ids: Ids::system(),
        metrics: None,
    };
    let settings = DbSettings {
        // A busy machine is no reason to fail.
        wait_limit: Duration::from_secs(30),
        ..DbSettings::new("auth", place.target.target())
    };
    Db::open(settings, &auth::migrations(), &deps).await.unwrap()
}

fn section<S: kit_config::Section>(prefix: &str, settings: &[(&str, &str)]) -> S {
    let all: BTreeMap<&str, &str> = USUAL.iter().chain(settings).copied().collect();
    let own: Vec<_> = all
        .into_iter()
        .filter(|(key, _)| key.starts_with(prefix))
        .collect();
    kit_config::test_values(&own)
}

/// What somebody of this name sends to register.
pub(crate) fn registration(username: &str) -> Value {
    json!({
        "username": username,
        "email": format!("{username}@example.com"),
        "password": PASSWORD,
    })
}

/// A part of a token, decoded: 0 is its header, 1 what it says.
pub(crate) fn part(token: &str, at: usize) -> Value {
    use base64::Engine as _;
    let text = token.split('.').nth(at).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The names of an object's members, in order.
pub(crate) fn members(object: &Value) -> Vec<&str> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

/// A clock that can tell when auth looks at it. Auth does so between checking a password and storing the
/// session, which is the moment that a story about a race has to know.
#[derive(Clone)]
pub(crate) struct Bell {
    clock: Clock,
    next: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

impl Bell {
    fn new(clock: Clock) -> Self {
        Self {
            clock,
            next: Arc::default(),
        }
    }

    /// Returns when auth looks at the clock for the first time from now on.
    pub(crate) fn next_look(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        *self.next.lock().unwrap() = Some(sender);
        receiver
    }
}

impl TimeSource for Bell {
    fn now(&self) -> Timestamp {
        if let Some(next) = self.next.lock().unwrap().take() {
            next.send(()).ok();
        }
        self.clock.now()
    }
}
