//! Auth as the stories start it, and what people do with it.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use auth_api::{AuthClient, KeyWatch, TokenConfig};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_config::test_values;
use kit_runtime::{Clock, TimeSource, Timestamp};
use kit_testing::{AUDIENCE, App, AppBuilder, Client, Fixture, ISSUER, Reply};
use kit_token::{Claims, SigningKey, Verifier};
use serde_json::{Value, json};
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

/// Auth with these settings beside the usual ones, and the tests' own verifier.
pub(crate) fn builder(fixture: &Fixture, settings: &[(&str, &str)]) -> AppBuilder {
    let app = App::of(fixture, auth::service()).section::<TokenConfig>();
    app.set_all(&USUAL).set_all(settings)
}

/// The key that auth made for itself, to say with it what auth never would.
pub(crate) fn signing_key(fixture: &Fixture) -> SigningKey {
    let pem = std::fs::read_to_string(fixture.data().join("keys/signing.pem")).unwrap();
    SigningKey::from_pem(&pem).unwrap()
}

/// Auth, running, which follows its own keys and revocations.
pub(crate) struct AuthApp {
    app: App,
    client: Client,
    pub(crate) observed_clock: ObservedClock,
    pub(crate) verifier: Verifier,
}

impl Deref for AuthApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl AuthApp {
    /// Starts auth with these settings beside the usual ones.
    pub(crate) async fn start(fixture: &Fixture, settings: &[(&str, &str)]) -> Self {
        let started = Self::try_start(fixture, settings).await;
        started.expect("auth starts")
    }

    /// As [`AuthApp::start`], for a story in which it may not.
    pub(crate) async fn try_start(fixture: &Fixture, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::try_start_with(fixture, settings, |app| app).await
    }

    /// As [`AuthApp::try_start`], with something beside it.
    pub(crate) async fn try_start_with(
        fixture: &Fixture,
        settings: &[(&str, &str)],
        with: impl FnOnce(AppBuilder) -> AppBuilder,
    ) -> anyhow::Result<Self> {
        let all = USUAL.iter().chain(settings).copied();
        let about_tokens: Vec<_> = all.filter(|(key, _)| key.starts_with("token.")).collect();
        let token: TokenConfig = test_values(&about_tokens);
        let process = fixture.process();
        let verifier = Verifier::new(token.rules(), process.clock()).unwrap();
        let observed_clock = ObservedClock::new(process.clock());
        let app = builder(fixture, settings).process(process);
        let app = app
            .verifier(verifier.clone())
            .clock(Clock::new(observed_clock.clone()));
        let app = with(app).try_start().await?;
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: app.process.readiness.gate("token.keys"),
        };
        let tasks = app.process.lifecycle.tasks();
        watch.start(&token, app.contract(), &tasks).unwrap();
        // Keys and the first news of revocations: before them every token is refused.
        app.process.ready().await;
        Ok(Self {
            client: app.stranger(),
            app,
            observed_clock,
            verifier,
        })
    }

    /// Ends the process; the fixture stays.
    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    /// Its contract in this process.
    pub(crate) fn auth(&self) -> AuthClient {
        self.contract()
    }

    /// Nobody in particular.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The secret of the set-up link, where its operator was told of one.
    pub(crate) fn set_up_secret(&self) -> Option<String> {
        let notice = self.notices.first()?;
        let secret = notice.path.expose().strip_prefix("/api/setup?token=");
        Some(secret.unwrap().to_owned())
    }

    /// Registers somebody with the usual password and an address of the same name.
    pub(crate) async fn register(&self, username: &str) -> Value {
        let reply = self.client.post("/register", &registration(username)).await;
        reply.expect(200)
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
        let rows = self.rows(query).await;
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }
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
    let text = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// The names of an object's members, in order.
pub(crate) fn members(object: &Value) -> Vec<&str> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

/// A clock that can tell when auth looks at it. Auth does so between checking a password and storing the
/// session, which is the moment that a story about a race has to know.
#[derive(Clone)]
pub(crate) struct ObservedClock {
    clock: Clock,
    next: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

impl ObservedClock {
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

impl TimeSource for ObservedClock {
    fn now(&self) -> Timestamp {
        if let Some(next) = self.next.lock().unwrap().take() {
            next.send(()).ok();
        }
        self.clock.now()
    }
}
