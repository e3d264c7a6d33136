//! How other processes come by auth's keys, and go on without auth.

use std::path::Path;
use std::process::Command;

use auth_api::{AuthClient, KeyWatch, KeysError, NoAuth, TokenConfig};
use kit_config::test_values;
use kit_runtime::ReadinessReport;
use kit_testing::db::TestTarget;
use kit_testing::{AUDIENCE, Fixture, ISSUER, TestProcess, eventually};
use kit_token::{Refusal, Verifier};

use crate::app::AuthApp;

/// A process that verifies tokens and is not auth's.
struct Elsewhere {
    process: TestProcess,
    verifier: Verifier,
}

impl Elsewhere {
    fn watching(app: &AuthApp, settings: &[(&str, &str)], auth: AuthClient) -> Result<Self, KeysError> {
        let all = [
            &[("token.issuer", ISSUER), ("token.audience", AUDIENCE)],
            settings,
        ]
        .concat();
        let token: TokenConfig = test_values(&all);
        let process = TestProcess::new();
        let verifier = Verifier::new(token.rules(), app.process.clock()).unwrap();
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: process.readiness.gate("token.keys"),
        };
        watch.start(&token, auth, &process.lifecycle.tasks())?;
        Ok(Self { process, verifier })
    }

    async fn report(&self) -> ReadinessReport {
        self.process.readiness.report().await
    }
}

async fn token_of(app: &AuthApp) -> String {
    app.sign_up("ada").await["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_learns_the_keys_from_auth_and_keeps_them_without_it() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[]).await;
        let token = token_of(&app).await;
        let address = app.process.serve(app.internal.clone()).await;
        let there = TestProcess::new();
        let auth = AuthClient::remote(there.remote(address));
        let elsewhere = Elsewhere::watching(&app, &[], auth).unwrap();
        elsewhere.process.ready().await;
        assert_eq!(elsewhere.verifier.verify(&token).unwrap().username, "ada");
        app.stop().await;
        assert_eq!(elsewhere.verifier.verify(&token).unwrap().username, "ada");
        assert!(elsewhere.report().await.ready);
        elsewhere.process.lifecycle.end().await;
        there.lifecycle.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_keys_is_not_ready_and_says_so() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[]).await;
        let token = token_of(&app).await;
        let elsewhere = Elsewhere::watching(&app, &[], AuthClient::local(NoAuth)).unwrap();
        let reason = "keys and revocations could not be loaded from auth yet";
        let reported = async || {
            let report = elsewhere.report().await;
            (report.checks[0].reason.as_deref() == Some(reason)).then_some(())
        };
        eventually("it says that it has no keys", reported).await;
        assert!(!elsewhere.report().await.ready);
        assert_eq!(elsewhere.verifier.verify(&token), Err(Refusal::NoKeys));
        elsewhere.process.lifecycle.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_key_file_alone_suffices() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[("auth.algorithm", "RS256")]).await;
        let token = token_of(&app).await;
        let private = fixture.data().join("keys/signing.pem");
        let public = fixture.data().join("public.pem");
        openssl_public(&private, &public);
        let file = public.to_str().unwrap();
        let elsewhere = Elsewhere::watching(
            &app,
            &[("token.public_key_file", file), ("token.revocation", "off")],
            AuthClient::local(NoAuth),
        );
        let elsewhere = elsewhere.unwrap();
        assert!(elsewhere.report().await.ready);
        assert_eq!(elsewhere.verifier.verify(&token).unwrap().username, "ada");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_that_cannot_be_used_is_refused_by_name() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[]).await;
        let (nowhere, rubbish) = (
            fixture.data().join("nowhere.pem"),
            fixture.data().join("rubbish.pem"),
        );
        std::fs::write(&rubbish, "no key").unwrap();
        let private = fixture.data().join("keys/signing.pem");
        for (file, reason) in [
            (nowhere, "entity not found"),
            (rubbish, "not a PEM file"),
            (private, "the key is private"),
        ] {
            let setting = [("token.public_key_file", file.to_str().unwrap())];
            let refused = Elsewhere::watching(&app, &setting, AuthClient::local(NoAuth));
            let Err(error) = refused else {
                panic!("{} was taken", file.display())
            };
            let said = error.to_string();
            assert!(said.contains(reason), "{said}");
            assert!(said.contains(file.to_str().unwrap()), "{said}");
        }
    })
    .await;
}

#[test]
fn a_token_lives_whole_seconds() {
    let with = |expiry: &'static str| {
        std::panic::catch_unwind(move || test_values::<TokenConfig>(&[("token.expiry", expiry)]))
    };
    for (expiry, fits) in [
        ("1s", true),
        ("15m", true),
        ("0s", false),
        ("500ms", false),
        ("1500ms", false),
    ] {
        assert_eq!(with(expiry).is_ok(), fits, "{expiry}");
    }
}

#[test]
fn news_may_not_be_too_old_before_they_can_come() {
    let with = |age: &'static str| {
        std::panic::catch_unwind(move || test_values::<TokenConfig>(&[("token.revocation_max_age", age)]))
    };
    for (age, fits) in [
        ("2s", true),
        ("60s", true),
        ("0s", false),
        ("500ms", false),
        ("1999ms", false),
    ] {
        assert_eq!(with(age).is_ok(), fits, "{age}");
    }
}

fn openssl_public(private: &Path, public: &Path) {
    let mut command = Command::new("openssl");
    command
        .args(["pkey", "-pubout", "-in"])
        .arg(private)
        .arg("-out")
        .arg(public);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
