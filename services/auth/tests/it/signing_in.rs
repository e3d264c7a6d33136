//! Beginning a session.

use std::time::Duration;

use http::HeaderMap;
use kit_testing::{Reply, on_both_databases};
use serde_json::Value;

use crate::app::{AuthApp, PASSWORD};

/// Everything of an answer that does not name the one request.
fn seen(reply: &Reply) -> (u16, HeaderMap, Value) {
    let (mut headers, mut body) = (reply.headers.clone(), reply.json());
    for header in ["x-request-id", "date"] {
        assert!(headers.remove(header).is_some(), "{header}");
    }
    assert!(body["request_id"].take().is_string());
    (reply.status.as_u16(), headers, body)
}

on_both_databases! {
    async fn somebody_signs_in_by_name_or_by_address(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let user_id = app.register("Ada").await["user_id"].clone();
        for login in ["Ada", "ada", "ADA", "Ada@example.com", "ada@EXAMPLE.com", " ada@example.com "] {
            let session = app.log_in(login, PASSWORD).await.expect(200);
            assert_eq!(session["user_id"], user_id, "{login}");
            assert_eq!(session["username"], "Ada", "{login}");
        }
    }

    async fn nobody_learns_why_a_sign_in_failed(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        for username in ["ada", "grace"] {
            app.register(username).await;
        }
        let wrong = app.log_in("ada", "a-wrong-password").await;
        wrong.expect_error(401, "Invalid username or password");
        app.log_in("grace", PASSWORD).await.expect(200);
        app.execute("UPDATE accounts SET status = 'disabled' WHERE username = 'grace'").await;
        let (overlong, cut) = ("x".repeat(5000), format!("{PASSWORD}\0"));
        for (login, password) in [
            ("grace", PASSWORD),
            ("grace", "a-wrong-password"),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("no such thing", PASSWORD),
            ("", ""),
            ("ada", ""),
            ("ada", overlong.as_str()),
            (overlong.as_str(), PASSWORD),
            ("ada", cut.as_str()),
            ("ada\0", PASSWORD),
        ] {
            let reply = app.log_in(login, password).await;
            assert_eq!(seen(&reply), seen(&wrong), "{login:?} {password:?}");
        }
        assert_eq!(app.count("SELECT session_id FROM sessions").await, 1, "grace's, of before");
        // And back again.
        app.execute("UPDATE accounts SET status = 'active' WHERE username = 'grace'").await;
        app.log_in("grace", PASSWORD).await.expect(200);
    }

    async fn tokens_are_stored_nowhere_on_the_way(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let reply = app.log_in("ada", PASSWORD).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("cache-control"), "no-store");
    }

    async fn each_sign_in_is_a_session_of_its_own(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let first = app.sign_up("ada").await;
        let body = serde_json::json!({ "username": "ada", "password": PASSWORD });
        let phone = app.client().with("user-agent", "Phone/1.0");
        let second = phone.post("/login", &body).await.expect(200);
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        let devices = app.texts("SELECT device FROM sessions ORDER BY device").await;
        assert_eq!(devices, ["", "Phone/1.0"]);
        assert_eq!(app.texts("SELECT DISTINCT ip FROM sessions").await, ["127.0.0.1"]);
        let sessions = async |session: &Value| {
            app.me(session["token"].as_str().unwrap()).await.expect(200)["sessions"].clone()
        };
        assert_eq!(sessions(&first).await, 2);
        // Sessions end by themselves, and ended ones do not count.
        app.process.time.advance(Duration::from_hours(24 * 30));
        let third = app.log_in("ada", PASSWORD).await.expect(200);
        assert_eq!(sessions(&third).await, 1);
        app.execute("UPDATE sessions SET revoked_at = 1").await;
        assert_eq!(sessions(&third).await, 0);
    }

    async fn sessions_live_as_long_as_they_are_configured_to(fixture: &Fixture) {
        let settings = [("token.expiry", "15m"), ("auth.refresh_expiry", "2h")];
        let app = AuthApp::start(fixture, &settings).await;
        let session = app.sign_up("ada").await;
        assert_eq!(session["expires_in"], 900);
        assert_eq!(session["refresh_expires_in"], 7200);
        let claims = app.claims(session["token"].as_str().unwrap());
        assert_eq!(claims.exp.since(claims.iat), Duration::from_mins(15));
        let query = "SELECT CAST((expires_at - created_at) / 1000000 AS TEXT) FROM sessions";
        assert_eq!(app.texts(query).await, ["7200"]);
    }

    async fn an_overlong_device_is_cut_and_a_strange_one_left_out(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let body = serde_json::json!({ "username": "ada", "password": PASSWORD });
        app.client().with("user-agent", &"x".repeat(1000)).post("/login", &body).await.expect(200);
        app.client().with("user-agent", "t\u{e9}l\u{e9}phone").post("/login", &body).await.expect(200);
        let devices = app.texts("SELECT device FROM sessions ORDER BY device").await;
        assert_eq!(devices, [String::new(), "x".repeat(200)]);
        let written_down = app.texts("SELECT detail FROM audit ORDER BY detail").await;
        assert_eq!(written_down, devices);
    }
}
