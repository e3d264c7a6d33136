//! Hints that there is news of revocations, which only make a process ask sooner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_api::{
    AskNow, Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, KeyWatch,
    RecordAudit, RevocationNews, measure_feed,
};
use kit_config::test_values;
use kit_rpc::CallContext;
use kit_telemetry::Metrics;
use kit_testing::{AUDIENCE, ISSUER, TestProcess, eventually, on_both_databases};
use kit_token::{Algorithm, Jwks, SigningKey, Verifier};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::app::AuthApp;
use crate::held::ADMIN;

/// An auth in which nothing ever happens; it counts who asks.
#[derive(Clone)]
struct Quiet {
    key: Arc<SigningKey>,
    asked: Arc<AtomicUsize>,
    is_away: bool,
}

impl Quiet {
    fn new() -> Self {
        Self {
            key: Arc::new(SigningKey::generate(Algorithm::EdDsa).unwrap()),
            asked: Arc::default(),
            is_away: false,
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it is asked once more; how long that took.
    async fn is_asked_again(&self) -> Duration {
        let (before, begin) = (self.asked(), Instant::now());
        while self.asked() == before {
            sleep(Duration::from_millis(1)).await;
        }
        begin.elapsed()
    }

    /// A process that follows it.
    fn watched(&self, settings: &[(&str, &str)]) -> (TestProcess, Verifier, AskNow) {
        let usual = [("token.issuer", ISSUER), ("token.audience", AUDIENCE)];
        let token: auth_api::TokenConfig = test_values(&[&usual, settings].concat());
        let process = TestProcess::new();
        let verifier = Verifier::new(token.rules(), process.clock()).unwrap();
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: process.readiness.gate("token.keys"),
        };
        let auth = AuthClient::local(self.clone());
        let ask_now = watch.start(&token, auth, &process.lifecycle.tasks()).unwrap();
        (process, verifier, ask_now)
    }
}

impl Auth for Quiet {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        Ok(Jwks {
            keys: self.key.public_key().into_iter().collect(),
        })
    }

    async fn revocations(&self, _: &CallContext, _: GetRevocations) -> Result<RevocationNews, AuthError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_away {
            return Err(AuthError::Unavailable);
        }
        Ok(RevocationNews {
            sessions: Vec::new(),
            epochs: Vec::new(),
            cursor: None,
            more: false,
            key_set: "the only one".to_owned(),
        })
    }

    async fn get_identity(&self, _: &CallContext, _: GetIdentity) -> Result<Identity, AuthError> {
        Err(AuthError::NotFound("User".into()))
    }

    async fn record_audit(&self, _: &CallContext, _: RecordAudit) -> Result<(), AuthError> {
        Err(AuthError::Unavailable)
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_asks_twice_a_second_and_at_once_where_it_is_told_to() {
    let auth = Quiet::new();
    let (process, _, ask_now) = auth.watched(&[]);
    auth.is_asked_again().await;
    for _ in 0..3 {
        let pause = auth.is_asked_again().await;
        assert!((499..=502).contains(&pause.as_millis()), "{pause:?}");
    }
    sleep(Duration::from_millis(100)).await;
    ask_now.hint();
    assert!(auth.is_asked_again().await <= Duration::from_millis(2));
    // From then on twice a second again.
    let pause = auth.is_asked_again().await;
    assert!((499..=502).contains(&pause.as_millis()), "{pause:?}");
    process.lifecycle.end().await;
}

#[tokio::test(start_paused = true)]
async fn however_many_hints_there_are_a_process_asks_twenty_times_a_second() {
    let auth = Quiet::new();
    let (process, _, ask_now) = auth.watched(&[]);
    auth.is_asked_again().await;
    let before = auth.asked();
    for _ in 0..1000 {
        ask_now.hint();
        sleep(Duration::from_millis(1)).await;
    }
    let asked = auth.asked() - before;
    assert!((18..=21).contains(&asked), "{asked}");
    process.lifecycle.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_comes_during_a_look_is_not_lost() {
    let auth = Quiet::new();
    let (process, _, ask_now) = auth.watched(&[]);
    auth.is_asked_again().await;
    // The look has begun; what it is about to answer may not have this news.
    ask_now.hint();
    let pause = auth.is_asked_again().await;
    assert!(pause <= Duration::from_millis(52), "{pause:?}");
    process.lifecycle.end().await;
}

#[tokio::test]
async fn the_age_of_the_last_news_is_measured() {
    let age = |metrics: &Metrics| -> Option<String> {
        let text = metrics.encode();
        let line = text
            .lines()
            .find(|line| line.starts_with("stoa_token_revocations_age_seconds "));
        line.map(|line| line.split(' ').nth(1).unwrap().to_owned())
    };
    let metrics = Metrics::new();
    let (process, verifier, _) = Quiet {
        is_away: true,
        ..Quiet::new()
    }
    .watched(&[]);
    measure_feed(&verifier, &metrics);
    assert_eq!(age(&metrics), None);
    verifier.revocations().mark_fresh();
    assert_eq!(age(&metrics).as_deref(), Some("0.0"));
    process.time.advance(Duration::from_millis(90_500));
    assert_eq!(age(&metrics).as_deref(), Some("90.5"));
    process.lifecycle.end().await;

    let metrics = Metrics::new();
    let (process, verifier, _) = Quiet::new().watched(&[("token.revocation", "off")]);
    measure_feed(&verifier, &metrics);
    assert_eq!(age(&metrics), None);
    process.lifecycle.end().await;
}

/// Whether there is a hint soon; where it comes later, whoever asks asks again.
async fn is_hinted(ask_now: &AskNow) -> Option<()> {
    timeout(Duration::from_millis(500), ask_now.hinted()).await.ok()
}

on_both_databases! {
    async fn auths_events_are_hints(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let root = app.begin_again("root").await;
        let ada = app.register("ada").await["user_id"].as_str().unwrap().to_owned();
        app.register("grace").await;
        let patch = async |patch: Value| {
            app.patch_account(&root, &ada, patch).await.expect(200);
        };
        // A broadcast delivers what comes once it has connected, and nobody says when that is: so each thing is
        // done again until there is a hint, and nothing else happens meanwhile that could be one.
        let ask_now = || {
            let ask_now = AskNow::default();
            auth::hint_on_events(&app.bus, &ask_now).unwrap();
            ask_now
        };
        let hints = ask_now();
        eventually("a role changed", async || {
            patch(json!({ "roles": ["staff"] })).await;
            patch(json!({ "roles": ["customer"] })).await;
            is_hinted(&hints).await
        })
        .await;
        let hints = ask_now();
        eventually("a key is rotated", async || {
            app.of(&root).post("/admin/keys/rotate", &json!({})).await.expect(200);
            is_hinted(&hints).await
        })
        .await;
        let hints = ask_now();
        eventually("a session ended", async || {
            let held = app.begin_again("grace").await;
            app.of(&held).post("/logout", &json!({})).await.expect(200);
            is_hinted(&hints).await
        })
        .await;
        let hints = ask_now();
        eventually("an account is disabled", async || {
            patch(json!({ "status": "disabled" })).await;
            patch(json!({ "status": "active" })).await;
            is_hinted(&hints).await
        })
        .await;
    }
}
