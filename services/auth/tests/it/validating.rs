//! Telling a good token from any other, at `/validate` and before `/me`.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kit_testing::Identity;
use kit_token::{Algorithm, Claims, SigningKey};

use crate::world::{PASSWORD, World, on_both_databases, part};

const MALFORMED: &str = "Invalid or malformed token";
const INVALID: &str = "Invalid or expired token";

async fn is_refused(world: &World, token: &str) {
    world.validate(token).await.refused(401, MALFORMED);
    // What cannot stand in a header as one word is refused for that.
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        world.me(token).await.refused(401, INVALID);
    }
}

on_both_databases! {
    async fn a_token_is_good_until_its_end(place: &Place) {
        let world = World::start(place, &[]).await;
        let token = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        // Clocks may differ by half a minute.
        world.process.time.advance(Duration::from_secs(24 * 3600 + 29));
        world.validate(&token).await.expect(200);
        world.me(&token).await.expect(200);
        world.process.time.advance(Duration::from_secs(1));
        let reply = world.validate(&token).await;
        reply.refused(401, "Token has expired");
        assert_eq!(reply.json()["code"], "token_expired");
        world.me(&token).await.refused(401, INVALID);
    }

    async fn a_token_that_another_hand_made_is_refused(place: &Place) {
        let world = World::start(place, &[("auth.algorithm", "RS256")]).await;
        let good = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let claims = world.claims(&good);
        let ours = place.signing_key();
        assert_eq!(ours.sign(&claims), good, "the control: saying the same is the same token");

        let changed = |change: fn(&mut Claims)| {
            let mut claims = claims.clone();
            change(&mut claims);
            ours.sign(&claims)
        };
        for token in [
            changed(|claims| claims.iss = "http://elsewhere.example".to_owned()),
            changed(|claims| claims.aud = "elsewhere".to_owned()),
            changed(|claims| claims.iat = claims.iat.plus(Duration::from_secs(31))),
            changed(|claims| claims.exp = claims.exp.plus(Duration::from_secs(1))),
            changed(|claims| claims.nbf = Some(claims.iat.plus(Duration::from_secs(31)))),
        ] {
            is_refused(&world, &token).await;
        }
        // A key of somebody else, with and without our key's name.
        let theirs = SigningKey::generate(Algorithm::Rs256).unwrap().sign(&claims);
        is_refused(&world, &theirs).await;
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (good, theirs) = (parts(&good), parts(&theirs));
        is_refused(&world, &format!("{}.{}.{}", good[0], good[1], theirs[2])).await;
        let elses = Identity::admin("mallory").claims(claims.iat);
        is_refused(&world, &world.process.sign_in(&Identity::admin("mallory"))).await;
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&elses).unwrap());
        is_refused(&world, &format!("{}.{payload}.{}", good[0], good[2])).await;
        // And when it is over, it is still not ours.
        world.process.time.advance(Duration::from_hours(48));
        is_refused(&world, &format!("{}.{}.{}", good[0], good[1], theirs[2])).await;
        world.validate(&good.join(".")).await.refused(401, "Token has expired");
    }

    async fn a_public_key_is_no_shared_secret(place: &Place) {
        let world = World::start(place, &[("auth.algorithm", "RS256")]).await;
        let good = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let (kid, payload) = (part(&good, 0)["kid"].clone(), good.split('.').nth(1).unwrap());
        let jwks = world.client().get("/.well-known/jwks.json").await;
        let key = place.signing_key().public_key().unwrap();
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
                is_refused(&world, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))).await;
            }
            is_refused(&world, &format!("{message}.")).await;
        }
        world.validate(&good).await.expect(200);
    }
}

on_both_databases! {
    async fn rubbish_is_no_token(place: &Place) {
        let world = World::start(place, &[]).await;
        let good = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
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
            is_refused(&world, token).await;
        }
    }

    async fn a_header_is_the_word_bearer_and_one_more(place: &Place) {
        let world = World::start(place, &[]).await;
        let good = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        world.client().get("/me").await.refused(401, "Missing authorization header");
        for header in [
            "Bearer".to_owned(),
            good.clone(),
            format!("Basic {good}"),
            format!("Bearer  {good}"),
            format!("Bearer {good} {good}"),
            format!("Bearer{good}"),
        ] {
            let reply = world.client().with("authorization", &header).get("/me").await;
            reply.refused(401, "Invalid authorization header format");
        }
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let client = world.client().with("authorization", &format!("{scheme} {good}"));
            client.get("/me").await.expect(200);
        }
    }

    async fn a_token_outlives_its_account_but_finds_nobody(place: &Place) {
        let world = World::start(place, &[]).await;
        let token = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        world.execute("DELETE FROM sessions").await;
        world.execute("DELETE FROM accounts").await;
        world.me(&token).await.refused(404, "User not found");
        world.log_in("ada", PASSWORD).await.expect(401);
    }

    async fn an_admin_is_told_as_such(place: &Place) {
        let world = World::start(place, &[]).await;
        world.register("ada").await;
        for (statement, roles, is_admin) in [
            ("UPDATE accounts SET role = 'staff'", vec!["customer", "staff"], false),
            ("UPDATE accounts SET role = 'admin'", vec!["customer", "staff", "admin"], true),
        ] {
            world.execute(statement).await;
            let session = world.log_in("ada", PASSWORD).await.expect(200);
            assert_eq!(session["roles"], serde_json::json!(roles));
            let token = session["token"].as_str().unwrap();
            let validated = world.validate(token).await.expect(200);
            assert_eq!(validated["roles"], serde_json::json!(roles));
            assert_eq!(validated["is_admin"], is_admin);
            assert_eq!(world.me(token).await.expect(200)["roles"], serde_json::json!(roles));
        }
    }
}
