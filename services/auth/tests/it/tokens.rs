//! What an access token looks like, by whichever algorithm it is signed.

use kit_testing::{AUDIENCE, Fixture, ISSUER, on_both_databases};
use kit_token::{Algorithm, Jwks, KeySet};
use serde_json::{Value, json};

use crate::app::{AuthApp, PASSWORD, members, part};

const SECRET: &str = "a shared secret that is long enough";

async fn jwks(app: &AuthApp) -> Value {
    app.client().get("/.well-known/jwks.json").await.expect(200)
}

/// Signs somebody in and looks at every byte of the token that means something.
async fn check_token(app: &AuthApp, algorithm: Algorithm) -> String {
    let registered = app.register("ada").await;
    let session = app.log_in("ada", PASSWORD).await.expect(200);
    let token = session["token"].as_str().unwrap().to_owned();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(
        header,
        json!({ "alg": algorithm.as_str(), "kid": header["kid"], "typ": "at+jwt" })
    );
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    assert_eq!(
        members(&claims),
        [
            "iss", "aud", "sub", "jti", "sid", "iat", "exp", "roles", "username", "epoch"
        ]
    );
    let start = app.process.clock().now().as_seconds();
    for (claim, expected) in [
        ("iss", json!(ISSUER)),
        ("aud", json!(AUDIENCE)),
        ("sub", registered["user_id"].clone()),
        ("iat", json!(start)),
        ("exp", json!(start + 86_400)),
        ("roles", json!(["customer"])),
        ("username", json!("ada")),
        ("epoch", json!(0)),
    ] {
        assert_eq!(claims[claim], expected, "{claim}");
    }
    assert_eq!(
        app.texts("SELECT session_id FROM sessions").await,
        [claims["sid"].as_str().unwrap()]
    );
    let again = app.log_in("ada", PASSWORD).await.expect(200);
    let again = part(again["token"].as_str().unwrap(), 1);
    assert_ne!(again["jti"], claims["jti"]);
    assert_ne!(again["sid"], claims["sid"]);
    token
}

/// A key pair's token verifies with what is published, also after a restart, and nothing private is published.
async fn story_of_a_key_pair(fixture: &Fixture, algorithm: Algorithm, public: &[&str]) {
    let settings = [("auth.algorithm", algorithm.as_str())];
    let app = AuthApp::start(fixture, &settings).await;
    let token = check_token(&app, algorithm).await;
    let published = jwks(&app).await;
    assert_eq!(members(&published), ["keys"]);
    let keys = published["keys"].as_array().unwrap();
    let [key] = keys.as_slice() else {
        panic!("{published}")
    };
    let mut found = members(key);
    found.sort_unstable();
    assert_eq!(found, public);
    assert_eq!(key["use"], "sig");
    assert_eq!(key["alg"], algorithm.as_str());
    assert_eq!(key["kid"], part(&token, 0)["kid"]);
    let read: Jwks = serde_json::from_value(published.clone()).unwrap();
    let elsewhere = kit_token::Verifier::new(
        kit_token::VerifierRules {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            max_lifetime: std::time::Duration::from_hours(24),
            leeway: std::time::Duration::ZERO,
        },
        app.process.clock(),
    )
    .unwrap();
    elsewhere.replace_keys(KeySet::from_jwks(&read).unwrap());
    assert_eq!(elsewhere.verify(&token).unwrap().username, "ada");
    app.stop().await;

    let app = AuthApp::start(fixture, &settings).await;
    assert_eq!(jwks(&app).await, published);
    app.validate(&token).await.expect(200);
    app.me(&token).await.expect(200);
}

on_both_databases! {
    async fn rs256(fixture: &Fixture) {
        story_of_a_key_pair(fixture, Algorithm::Rs256, &["alg", "e", "kid", "kty", "n", "use"]).await;
    }

    async fn es256(fixture: &Fixture) {
        story_of_a_key_pair(fixture, Algorithm::Es256, &["alg", "crv", "kid", "kty", "use", "x", "y"]).await;
    }

    async fn eddsa(fixture: &Fixture) {
        story_of_a_key_pair(fixture, Algorithm::EdDsa, &["alg", "crv", "kid", "kty", "use", "x"]).await;
    }

    async fn hs256_with_a_secret_that_stays_one(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("token.jwt_secret", SECRET)]).await;
        let token = check_token(&app, Algorithm::Hs256).await;
        assert_eq!(jwks(&app).await, json!({ "keys": [] }));
        assert!(!fixture.data().join("keys/signing.pem").exists(), "no key that nobody uses");
        app.stop().await;
        let app = AuthApp::start(fixture, &[("token.jwt_secret", SECRET)]).await;
        app.validate(&token).await.expect(200);
        app.stop().await;
        // With another secret, or with a key pair, it is worth nothing.
        for settings in [[("token.jwt_secret", "another secret that is long enough")], [("auth.algorithm", "RS256")]] {
            let app = AuthApp::start(fixture, &settings).await;
            app.validate(&token).await.expect_error(401, "Invalid or malformed token");
            app.me(&token).await.expect_error(401, "Invalid or expired token");
            app.stop().await;
        }
    }
}
