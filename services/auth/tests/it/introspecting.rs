//! What other resource servers may ask auth about a token (RFC 7662), and to end it (RFC 7009).

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use kit_testing::{Client, Reply, eventually, on_both_databases};

use serde_json::{Value, json};

use crate::app::{AuthApp, members};
use crate::elsewhere::Elsewhere;
use crate::held::ADMIN;

const FORM: &str = "application/x-www-form-urlencoded";
const INTERNAL_KEY: &str = "x-internal-key";

/// A client of the internal port that has the internal key.
struct Asking(Client);

impl Asking {
    async fn of(app: &AuthApp) -> Self {
        let address = app.process.serve(app.internal.clone()).await;
        let key = app.process.internal_keys().to_send();
        let client = app.process.client(address);
        Self(client.with(INTERNAL_KEY, key.to_str().unwrap()))
    }

    async fn form(&self, path: &str, form: String) -> Reply {
        self.0
            .send_raw(Method::POST, path, Some(FORM), Bytes::from(form))
            .await
    }

    async fn introspect(&self, token: &str) -> Value {
        self.form("/oauth/introspect", format!("token={token}"))
            .await
            .expect(200)
    }

    async fn assert_inactive(&self, token: &str) {
        assert_eq!(
            self.introspect(token).await,
            json!({ "active": false }),
            "{token:?}"
        );
    }

    async fn revoke(&self, token: &str) {
        let reply = self.form("/oauth/revoke", format!("token={token}")).await;
        reply.expect(200);
        assert!(reply.body.is_empty());
    }
}

on_both_databases! {
    async fn a_good_token_is_active(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let asking = Asking::of(&app).await;
        let ada = app.begin("ada").await;
        let claims = app.claims(&ada.token);
        assert_eq!(
            asking.introspect(&ada.token).await,
            json!({
                "active": true, "sub": ada.user_id, "sid": ada.session_id(), "exp": claims.exp.as_seconds(),
                "username": "ada"
            })
        );
        let refresh = asking.introspect(&ada.refresh).await;
        assert_eq!(members(&refresh), ["active", "sub", "sid", "exp"]);
        assert_eq!((&refresh["active"], &refresh["sub"]), (&json!(true), &json!(ada.user_id)));
        let end = app.process.clock().now().plus(Duration::from_hours(30 * 24)).as_seconds();
        assert_eq!(refresh["exp"], end);
        // A hint, and whatever else a client says, changes nothing.
        let form = format!("token={}&token_type_hint=refresh_token&client_id=x", ada.token);
        assert_eq!(asking.form("/oauth/introspect", form).await.expect(200)["active"], true);
    }

    async fn what_is_not_good_is_inactive_whatever_the_reason(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let asking = Asking::of(&app).await;
        let root = app.begin_again("root").await;
        for rubbish in ["", "x", "a.b.c", "v1.x.0.y", "%00", "%F0%9F%A6%80", &"x".repeat(5000)] {
            asking.assert_inactive(rubbish).await;
        }
        let ada = app.begin("ada").await;
        asking.assert_inactive(&format!("{}x", ada.token)).await;
        asking.assert_inactive(&format!("{}x", ada.refresh)).await;
        // The parent is tolerated for a moment, and no more than that.
        let child = app.go_on(&ada).await;
        asking.assert_inactive(&ada.refresh).await;
        assert_eq!(asking.introspect(&child.refresh).await["active"], true);
        // Another role: the access token is dead, and the session goes on.
        app.patch_account(&root, &ada.user_id, json!({ "roles": ["staff"] })).await.expect(200);
        asking.assert_inactive(&child.token).await;
        assert_eq!(asking.introspect(&child.refresh).await["active"], true);
        let ada = app.go_on(&child).await;
        app.of(&ada).post("/logout", &json!({})).await.expect(200);
        for token in [&ada.token, &ada.refresh, &child.token] {
            asking.assert_inactive(token).await;
        }
        // Each at its own end.
        let grace = app.begin("grace").await;
        app.advance(Duration::from_hours(24) + Duration::from_secs(30));
        asking.assert_inactive(&grace.token).await;
        assert_eq!(asking.introspect(&grace.refresh).await["active"], true);
        app.advance(Duration::from_hours(29 * 24));
        asking.assert_inactive(&grace.refresh).await;
    }

    async fn a_revoked_token_takes_its_session_along(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let elsewhere = Elsewhere::start(fixture, &app).await;
        let asking = Asking::of(&app).await;
        let phone = app.begin("ada").await;
        for by_refresh in [false, true] {
            let held = app.begin_again("ada").await;
            let newest = app.go_on(&app.go_on(&held).await).await;
            asking.revoke(if by_refresh { &held.refresh } else { &held.token }).await;
            app.assert_dead(&newest).await;
            app.assert_dead(&held).await;
            elsewhere.refuses_soon(&newest.token).await;
            asking.assert_inactive(&newest.token).await;
            asking.assert_inactive(&newest.refresh).await;
            // Once more is no error.
            asking.revoke(&newest.token).await;
            asking.revoke(&newest.refresh).await;
        }
        assert_eq!(app.count("SELECT revocation_id FROM revocations").await, 2);
        for rubbish in ["", "x", "v1.x.0.y", &format!("{}x", phone.refresh)] {
            asking.revoke(rubbish).await;
        }
        app.assert_lives(&phone).await;
    }

    async fn only_those_with_the_internal_key_may_ask(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ADMIN).await;
        let ada = app.begin("ada").await;
        let root = app.begin_again("root").await;
        let asking = Asking::of(&app).await;
        let stranger = app.process.client(app.process.serve(app.internal.clone()).await);
        let form = Bytes::from(format!("token={}", ada.token));
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            for client in [
                stranger.clone(),
                stranger.with_token(&root.token),
                stranger.with(INTERNAL_KEY, "a-wrong-internal-key-that-is-long-enough"),
            ] {
                let reply = client.send_raw(Method::POST, path, Some(FORM), form.clone()).await;
                reply.expect_error(401, "Invalid internal key");
            }
            // No public route, with the key or without.
            let public = app.client();
            let key = app.process.internal_keys().to_send();
            for client in [public.with(INTERNAL_KEY, key.to_str().unwrap()), public] {
                client.send_raw(Method::POST, path, Some(FORM), form.clone()).await.expect(404);
            }
            let listed = auth_api::routes().routes.iter().any(|route| route.pattern.contains("oauth/"));
            assert!(!listed);
            // And for them only what is a form with a token.
            for (status, kind, body) in [
                (400, FORM, ""),
                (400, FORM, "tokens=x"),
                (400, FORM, "token=a&token=b"),
                (415, "application/json", "{\"token\":\"x\"}"),
            ] {
                let reply = asking.0.send_raw(Method::POST, path, Some(kind), Bytes::from(body)).await;
                assert_eq!(reply.status, status, "{kind} {body}");
                assert_eq!(reply.json()["code"], "invalid_request");
            }
            asking.0.get(path).await.expect(405);
        }
        app.assert_lives(&ada).await;
    }

    async fn before_anything_is_known_of_revocations_nothing_is_said(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let asking = Asking::of(&app).await;
        let ada = app.begin("ada").await;
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            // As in a process that has just begun, until the feed's next round.
            let waits = async || {
                app.verifier.revocations().follow(Duration::from_mins(1));
                let reply = asking.form(path, format!("token={}", ada.token)).await;
                let silent = reply.status == 503;
                if silent {
                    reply.expect_error(503, "Auth service unavailable");
                } else if path == "/oauth/introspect" {
                    assert_eq!(reply.expect(200)["active"], true);
                }
                silent.then_some(())
            };
            eventually("it is too early to say", waits).await;
        }
    }
}
