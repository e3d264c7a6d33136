//! Users in a process of its own, on either database, spoken to over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_api::{Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, NoAuth, RevocationNews};
use axum::Router;
use futures::FutureExt;
use kit_bus::{Bus, BusDeps, BusSettings, Source, Sources, SourcesDeps};
use kit_cache::CacheDeps;
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Reader, sql};
use kit_rpc::CallContext;
use kit_runtime::{Clock, Ids};
use kit_testing::db::TestTarget;
use kit_testing::{Client, Identity, TestProcess};
use kit_token::{Jwks, Role, UserId, Verifier};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use users::Deps;
use users_api::UsersClient;

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

/// What outlives a process: its tables.
pub(crate) struct Place {
    target: TestTarget,
    /// What auth's log is kept in, for stories in which auth tells something.
    auth: Mutex<Option<TestTarget>>,
    running: Mutex<Vec<Arc<TestProcess>>>,
}

/// Tells a story at a place, and clears the place away, also after a panic.
pub(crate) async fn at(target: TestTarget, story: impl AsyncFnOnce(&Place)) {
    let place = Place {
        target,
        auth: Mutex::default(),
        running: Mutex::default(),
    };
    let ended = AssertUnwindSafe(story(&place)).catch_unwind().await;
    for process in place.running.into_inner().unwrap() {
        process.lifecycle.end().await;
    }
    place.target.remove().await;
    if let Some(auth) = place.auth.into_inner().unwrap() {
        auth.remove().await;
    }
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

impl Place {
    pub(crate) fn target(&self) -> DbTarget {
        self.target.target()
    }

    /// Auth's log, in a database of its own of the same kind.
    pub(crate) async fn auth_log(&self) -> DbTarget {
        let log = match self.target() {
            DbTarget::Sqlite { .. } => TestTarget::sqlite(),
            DbTarget::Postgres { .. } => TestTarget::postgres().await,
        };
        let target = log.target();
        *self.auth.lock().unwrap() = Some(log);
        target
    }

    /// A process that ends with the story.
    pub(crate) fn process(&self) -> Arc<TestProcess> {
        let process = Arc::new(TestProcess::new());
        self.running.lock().unwrap().push(process.clone());
        process
    }
}

/// Users, running.
pub(crate) struct World {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) auth: AuthDouble,
    pub(crate) db: Db,
    /// Its contract in this process.
    pub(crate) users: UsersClient,
    /// Its contract's routes.
    pub(crate) internal: Router,
    pub(crate) address: SocketAddr,
}

impl World {
    pub(crate) async fn start(place: &Place) -> Self {
        let process = place.process();
        let verifier = process.verifier.clone();
        Self::start_with(process, place.target(), verifier).await
    }

    /// As [`World::start`], with another way to the database or other keys.
    pub(crate) async fn start_with(process: Arc<TestProcess>, target: DbTarget, verifier: Verifier) -> Self {
        Self::start_on(process, target, verifier, Vec::new()).await
    }

    /// As [`World::start`], with the log of auth in reach.
    pub(crate) async fn start_hearing(place: &Place, auth: Source) -> Self {
        let process = place.process();
        let verifier = process.verifier.clone();
        Self::start_on(process, place.target(), verifier, vec![auth]).await
    }

    async fn start_on(
        process: Arc<TestProcess>,
        target: DbTarget,
        verifier: Verifier,
        mut logs: Vec<Source>,
    ) -> Self {
        let db = open(&process, "users", target.clone()).await;
        logs.push(Source {
            service: "users",
            topics: users_api::TOPICS,
            target,
            published: Some(db.published()),
        });
        let bus = Bus::new(BusDeps {
            db: db.clone(),
            sources: sources(&process, logs),
            tasks: process.lifecycle.tasks(),
            // Leases and retries need one that goes on.
            clock: Clock::system(),
            ids: Ids::system(),
            metrics: None,
            tracer: kit_telemetry::Tracer::off(),
            settings: BusSettings::default(),
        });
        let auth = AuthDouble::default();
        let hosted = users::build(Deps {
            db: db.clone(),
            bus,
            auth: AuthClient::loopback(auth.clone()),
            verifier,
            internal_keys: process.internal_keys(),
            clock: process.clock(),
            cache: CacheDeps {
                tasks: process.lifecycle.tasks(),
                clock: process.clock(),
                ids: Ids::system(),
                metrics: None,
            },
            redis: None,
            readiness: process.readiness.clone(),
        });
        let hosted = hosted.unwrap();
        Self {
            auth,
            db,
            users: hosted.client,
            internal: hosted.internal,
            address: process.serve(hosted.routes).await,
            process,
        }
    }

    /// Ends the process; its place stays.
    pub(crate) async fn stop(self) {
        self.process.lifecycle.end().await;
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Client {
        self.process.client(self.address)
    }

    /// Somebody new, whom auth knows.
    pub(crate) fn sign_up(&self, username: &str) -> Person {
        self.person(Identity::customer(username))
    }

    pub(crate) fn admin(&self) -> Person {
        self.person(Identity::admin("root"))
    }

    pub(crate) fn person(&self, identity: Identity) -> Person {
        self.auth.knows(&identity);
        Person {
            client: self.process.client_of(self.address, &identity),
            token: self.process.sign_in(&identity),
            id: identity.user_id.to_string(),
            identity,
        }
    }

    /// Somebody new with a profile.
    pub(crate) async fn settle(&self, username: &str) -> Person {
        let person = self.sign_up(username);
        let made = person.client.post("/users", &person.profile()).await;
        made.expect(200);
        person
    }

    /// How many rows a query gives.
    pub(crate) async fn count(&self, query: &'static str) -> usize {
        let rows = self
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        rows.await.unwrap().len()
    }
}

/// A service's database, as its process opens it.
pub(crate) async fn open(process: &TestProcess, service: &'static str, target: DbTarget) -> Db {
    let deps = DbDeps {
        tasks: process.lifecycle.tasks(),
        clock: process.clock(),
        ids: Ids::system(),
        metrics: None,
    };
    let settings = DbSettings {
        // No story is about a machine that is busy with others.
        wait_limit: Duration::from_secs(30),
        unit_limit: Duration::from_secs(30),
        ..DbSettings::new(service, target)
    };
    Db::open(settings, &users::migrations(), &deps).await.unwrap()
}

/// Users' own log, and auth's where it is in reach.
fn sources(process: &TestProcess, logs: Vec<Source>) -> Sources {
    let deps = SourcesDeps {
        tasks: process.lifecycle.tasks(),
        metrics: None,
        poll: Duration::from_secs(1),
    };
    Sources::open_within_reach(logs, auth_api::TOPICS.to_vec(), deps).unwrap()
}

/// Every row of users' table.
pub(crate) const PROFILES: &str = "SELECT user_id FROM profiles";

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) id: String,
    pub(crate) identity: Identity,
}

impl Person {
    /// What they send to make their profile.
    pub(crate) fn profile(&self) -> Value {
        let username = &self.identity.username;
        json!({
            "user_id": self.id, "username": username, "email": format!("{username}@example.com"),
            "full_name": "Ada Lovelace", "bio": "Writes programs",
        })
    }

    /// Where their profile is.
    pub(crate) fn path(&self) -> String {
        format!("/users/{}", self.id)
    }

    /// Their profile as they see it.
    pub(crate) async fn seen(&self) -> Value {
        self.client.get(&self.path()).await.expect(200)
    }

    pub(crate) async fn etag(&self) -> String {
        let seen = self.client.get(&self.path()).await;
        seen.expect(200);
        seen.header("etag").to_owned()
    }
}

/// Stands for auth, which a service may not know beyond its contract: it says what the story wants.
#[derive(Clone, Default)]
pub(crate) struct AuthDouble(Arc<Mutex<Wishes>>);

#[derive(Default)]
struct Wishes {
    known: HashMap<UserId, auth_api::Identity>,
    fails: Option<AuthError>,
    calls: Vec<CallContext>,
    gate: Option<Gate>,
}

impl AuthDouble {
    fn knows(&self, identity: &Identity) {
        let known = auth_api::Identity {
            user_id: identity.user_id,
            username: identity.username.clone(),
            email: format!("{}@auth.example", identity.username),
            roles: vec![Role::Customer],
        };
        self.0.lock().unwrap().known.insert(identity.user_id, known);
    }

    /// From now on it answers with this error, or as it knows.
    pub(crate) fn fail(&self, error: impl Into<Option<AuthError>>) {
        self.0.lock().unwrap().fails = error.into();
    }

    /// From now on whoever asks waits at a gate.
    pub(crate) fn wait_at(&self, gate: Gate) {
        self.0.lock().unwrap().gate = Some(gate);
    }

    /// Who asked so far.
    pub(crate) fn calls(&self) -> Vec<CallContext> {
        self.0.lock().unwrap().calls.clone()
    }
}

impl Auth for AuthDouble {
    async fn key_set(&self, call: &CallContext, request: GetKeySet) -> Result<Jwks, AuthError> {
        NoAuth.key_set(call, request).await
    }

    async fn revocations(
        &self,
        call: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        NoAuth.revocations(call, request).await
    }

    async fn get_identity(
        &self,
        call: &CallContext,
        request: GetIdentity,
    ) -> Result<auth_api::Identity, AuthError> {
        let gate = {
            let mut wishes = self.0.lock().unwrap();
            wishes.calls.push(call.clone());
            wishes.gate.clone()
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let wishes = self.0.lock().unwrap();
        if let Some(error) = &wishes.fails {
            return Err(error.clone());
        }
        let known = wishes.known.get(&request.user_id).cloned();
        known.ok_or(AuthError::UnknownAccount)
    }
}

/// Tells who comes and who leaves without having passed, and holds them until it is opened.
#[derive(Clone)]
pub(crate) struct Gate {
    told: mpsc::UnboundedSender<&'static str>,
    open: Arc<Semaphore>,
}

pub(crate) struct GateKeeper {
    heard: mpsc::UnboundedReceiver<&'static str>,
    open: Arc<Semaphore>,
}

pub(crate) fn gate() -> (Gate, GateKeeper) {
    let (told, heard) = mpsc::unbounded_channel();
    let open = Arc::new(Semaphore::new(0));
    let gate = Gate {
        told,
        open: open.clone(),
    };
    (gate, GateKeeper { heard, open })
}

impl Gate {
    pub(crate) async fn pass(&self) {
        let _ = self.told.send("came");
        let _left = Left(self.told.clone());
        let _passed = self.open.acquire().await;
    }
}

struct Left(mpsc::UnboundedSender<&'static str>);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = self.0.send("left");
    }
}

impl GateKeeper {
    /// What happens next at the gate.
    pub(crate) async fn next(&mut self) -> &'static str {
        self.heard.recv().await.unwrap()
    }

    /// Opens it for good.
    pub(crate) fn open(&self) {
        self.open.add_permits(1000);
    }
}
