//! Users as the stories start it, with a double of auth beside it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use auth_api::{
    Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, NoAuth, RecordAudit, RevocationNews,
};
use kit_rpc::CallContext;
use kit_testing::{App, AppBuilder, DatabaseProxy, Fixture, Identity, Person};
use kit_token::{Jwks, Role, UserId};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

/// Every row of users' table.
pub(crate) const PROFILES: &str = "SELECT user_id FROM profiles";

/// Users, running.
pub(crate) struct UsersApp {
    app: App,
    pub(crate) auth: AuthDouble,
}

impl Deref for UsersApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// Users, not started yet, and the auth that it will call.
pub(crate) fn users(fixture: &Fixture) -> (AppBuilder, AuthDouble) {
    let auth = AuthDouble::default();
    let app = App::of(fixture, users::service()).peer(AuthClient::loopback(auth.clone()));
    (app, auth)
}

impl UsersApp {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        let (app, auth) = users(fixture);
        let app = app.out_of_reach(auth_api::TOPICS).start().await;
        Self { app, auth }
    }

    /// With a line to its database that can be cut.
    pub(crate) async fn start_behind_proxy(fixture: &Fixture) -> (Self, DatabaseProxy) {
        let (app, auth) = users(fixture);
        let (app, proxy) = app.out_of_reach(auth_api::TOPICS).start_behind_proxy().await;
        (Self { app, auth }, proxy)
    }

    /// Of an application that was started otherwise.
    pub(crate) fn of(app: App, auth: AuthDouble) -> Self {
        Self { app, auth }
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    /// Somebody new, whom auth knows.
    pub(crate) fn sign_up(&self, username: &str) -> Person {
        self.person(Identity::customer(username))
    }

    pub(crate) fn admin(&self) -> Person {
        self.person(Identity::admin("root"))
    }

    pub(crate) fn person(&self, identity: Identity) -> Person {
        self.auth.add(&identity);
        self.app.person(identity)
    }

    /// Somebody new with a profile.
    pub(crate) async fn settle(&self, username: &str) -> Person {
        let person = self.sign_up(username);
        let made = person.client.post("/users", &person.profile()).await;
        made.expect(200);
        person
    }
}

/// Somebody's profile.
pub(crate) trait HasProfile {
    /// What they send to make their profile.
    fn profile(&self) -> Value;
    /// Where their profile is.
    fn path(&self) -> String;
    /// Their profile as they see it.
    async fn seen(&self) -> Value;
    async fn etag(&self) -> String;
}

impl HasProfile for Person {
    fn profile(&self) -> Value {
        let username = &self.identity.username;
        json!({
            "user_id": self.id, "username": username, "email": format!("{username}@example.com"),
            "full_name": "Ada Lovelace", "bio": "Writes programs",
        })
    }

    fn path(&self) -> String {
        format!("/users/{}", self.id)
    }

    async fn seen(&self) -> Value {
        self.client.get(&self.path()).await.expect(200)
    }

    async fn etag(&self) -> String {
        let seen = self.client.get(&self.path()).await;
        seen.expect(200);
        seen.header("etag").to_owned()
    }
}

/// Stands for auth, which a service may not know beyond its contract: it says what the story wants.
#[derive(Clone, Default)]
pub(crate) struct AuthDouble(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    known: HashMap<UserId, auth_api::Identity>,
    fails: Option<AuthError>,
    calls: Vec<CallContext>,
    gate: Option<Gate>,
}

impl AuthDouble {
    fn add(&self, identity: &Identity) {
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
            let mut script = self.0.lock().unwrap();
            script.calls.push(call.clone());
            script.gate.clone()
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let script = self.0.lock().unwrap();
        if let Some(error) = &script.fails {
            return Err(error.clone());
        }
        let known = script.known.get(&request.user_id).cloned();
        known.ok_or(AuthError::NotFound("User".into()))
    }

    async fn record_audit(&self, call: &CallContext, request: RecordAudit) -> Result<(), AuthError> {
        NoAuth.record_audit(call, request).await
    }
}

/// Tells who comes and who leaves without having passed, and holds them until it is opened.
#[derive(Clone)]
pub(crate) struct Gate {
    sender: mpsc::UnboundedSender<&'static str>,
    open: Arc<Semaphore>,
}

pub(crate) struct GateHandle {
    events: mpsc::UnboundedReceiver<&'static str>,
    open: Arc<Semaphore>,
}

pub(crate) fn gate() -> (Gate, GateHandle) {
    let (sender, events) = mpsc::unbounded_channel();
    let open = Arc::new(Semaphore::new(0));
    let gate = Gate {
        sender,
        open: open.clone(),
    };
    (gate, GateHandle { events, open })
}

impl Gate {
    pub(crate) async fn pass(&self) {
        let _ = self.sender.send("came");
        let _left = Left(self.sender.clone());
        let _passed = self.open.acquire().await;
    }
}

struct Left(mpsc::UnboundedSender<&'static str>);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = self.0.send("left");
    }
}

impl GateHandle {
    /// What happens next at the gate.
    pub(crate) async fn next(&mut self) -> &'static str {
        self.events.recv().await.unwrap()
    }

    /// Opens it for good.
    pub(crate) fn open(&self) {
        self.open.add_permits(1000);
    }
}
