//! Telling a good token from any other, at `/validate` and before `/me`.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kit_testing::{Identity, on_both_databases};
use kit_token::{Algorithm, Claims, SigningKey};

use crate::app::{AuthApp, PASSWORD, part, signing_key};

const MALFORMED: &str = "Invalid or malformed token";
const INVALID: &str = "Invalid or expired token";

async fn is_refused(app: &AuthApp, token: &str) {
    app.validate(token).await.expect_error(401, MALFORMED);
    // What cannot stand in a header as one word is refused for that.
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        app.me(token).await.expect_error(401, INVALID);
    }
}

on_both_databases! {
    async fn a_token_is_good_until_its_end(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let token = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        // Clocks may differ by five seconds.
        app.process.time.advance(Duration::from_secs(24 * 3600 + 4));
        app.validate(&token).await.expect(200);
        app.me(&token).await.expect(200);
        app.process.time.advance(Duration::from_secs(1));
        let reply = app.validate(&token).await;
        reply.expect_error(401, "Token has expired");
        assert_eq!(reply.json()["code"], "token_expired");
        app.me(&token).await.expect_error(401, INVALID);
    }

    async fn a_token_that_another_hand_made_is_refused(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.algorithm", "RS256")]).await;
        let good = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let claims = app.claims(&good);
        let ours = signing_key(fixture);
        assert_eq!(ours.sign(&claims), good, "the control: saying the same is the same token");

        let changed = |change: fn(&mut Claims)| {
            let mut claims = claims.clone();
            change(&mut claims);
            ours.sign(&claims)
        };
        for token in [
            changed(|claims| claims.iss = "http://elsewhere.example".to_owned()),
            changed(|claims| claims.aud = "elsewhere".to_owned()),
            changed(|claims| claims.iat = claims.iat.plus(Duration::from_secs(6))),
            changed(|claims| claims.exp = claims.exp.plus(Duration::from_secs(1))),
            changed(|claims| claims.nbf = Some(claims.iat.plus(Duration::from_secs(6)))),
        ] {
            is_refused(&app, &token).await;
        }
        // A key of somebody else, with and without our key's name.
        let theirs = SigningKey::generate(Algorithm::Rs256).unwrap().sign(&claims);
        is_refused(&app, &theirs).await;
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (good, theirs) = (parts(&good), parts(&theirs));
        is_refused(&app, &format!("{}.{}.{}", good[0], good[1], theirs[2])).await;
        let elses = Identity::admin("mallory").claims(claims.iat);
        is_refused(&app, &app.process.sign_in(&Identity::admin("mallory"))).await;
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&elses).unwrap());
        is_refused(&app, &format!("{}.{payload}.{}", good[0], good[2])).await;
        // And when it is over, it is still not ours.
        app.process.time.advance(Duration::from_hours(48));
        is_refused(&app, &format!("{}.{}.{}", good[0], good[1], theirs[2])).await;
        app.validate(&good.join(".")).await.expect_error(401, "Token has expired");
    }

    async fn a_public_key_is_no_shared_secret(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[("auth.algorithm", "RS256")]).await;
        let good = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let (kid, payload) = (part(&good, 0)["kid"].clone(), good.split('.').nth(1).unwrap());
        let jwks = app.client().get("/.well-known/jwks.json").await;
        let key = signing_key(fixture).public_key().unwrap();
        let modulus = URL_SAFE_NO_PAD.decode(key.n.clone().unwrap()).unwrap();
        let secrets = [
            jwks.body.to_vec(),
            serde_json::to_vec(&key).unwrap(),
            key.n.unwrap().into_bytes(),
            STANDARD.encode(&modulus).into_bytes(),
            modulus,
            Vec::new(),
        ];
        for header in [
            format!(r#"{{"alg":"HS256","kid":{kid},"typ":"at+jwt"}}"#),
            format!(r#"{{"alg":"none","kid":{kid},"typ":"at+jwt"}}"#),
            r#"{"alg":"HS256","typ":"at+jwt"}"#.to_owned(),
        ] {
            let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(&header));
            for secret in &secrets {
                let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
                is_refused(&app, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))).await;
            }
            is_refused(&app, &format!("{message}.")).await;
        }
        app.validate(&good).await.expect(200);
    }
}

on_both_databases! {
    async fn rubbish_is_no_token(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let good = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let long = format!("{good}{}", "A".repeat(4096));
        for token in [
            "",
            ".",
            "..",
            "x",
            "a.b.c",
            "a.b.c.d",
            "token\0",
            "t\u{f6}ken",
            &good[1..],
            &good[..good.len() - 1],
            &format!("{good}="),
            &format!("{good}.{good}"),
            &format!(" {good}"),
            &format!("Bearer {good}"),
            &long,
        ] {
            is_refused(&app, token).await;
        }
    }

    async fn a_header_is_the_word_bearer_and_one_more(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let good = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        app.client().get("/me").await.expect_error(401, "Missing authorization header");
        for header in [
            "Bearer".to_owned(),
            good.clone(),
            format!("Basic {good}"),
            format!("Bearer  {good}"),
            format!("Bearer {good} {good}"),
            format!("Bearer{good}"),
        ] {
            let reply = app.client().with("authorization", &header).get("/me").await;
            reply.expect_error(401, "Invalid authorization header format");
        }
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let client = app.client().with("authorization", &format!("{scheme} {good}"));
            client.get("/me").await.expect(200);
        }
    }

    async fn a_token_outlives_its_account_but_finds_nobody(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let token = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        app.execute("DELETE FROM sessions").await;
        app.execute("DELETE FROM accounts").await;
        app.me(&token).await.expect_error(404, "User not found");
        app.log_in("ada", PASSWORD).await.expect(401);
    }

    async fn an_admin_is_told_as_such(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        for (statement, roles, is_admin) in [
            ("UPDATE accounts SET role = 'staff'", vec!["customer", "staff"], false),
            ("UPDATE accounts SET role = 'admin'", vec!["customer", "staff", "admin"], true),
        ] {
            app.execute(statement).await;
            let session = app.log_in("ada", PASSWORD).await.expect(200);
            assert_eq!(session["roles"], serde_json::json!(roles));
            let token = session["token"].as_str().unwrap();
            let validated = app.validate(token).await.expect(200);
            assert_eq!(validated["roles"], serde_json::json!(roles));
            assert_eq!(validated["is_admin"], is_admin);
            assert_eq!(app.me(token).await.expect(200)["roles"], serde_json::json!(roles));
        }
    }
}
