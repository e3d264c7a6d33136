//! Sign-ins that something overtakes while the password is being checked.

use futures::future::join_all;
use kit_testing::{Fixture, Reply, on_both_databases};

use crate::app::{AuthApp, PASSWORD, registration};
use crate::during::during;

const SESSIONS: &str = "SELECT session_id FROM sessions";

/// The answer of a sign-in that has read the account before `change` is committed and is done after it.
async fn overtaken_by(fixture: &Fixture, app: &AuthApp, change: &'static [&'static str]) -> Reply {
    during(fixture, app, change, app.log_in("ada", PASSWORD)).await
}

on_both_databases! {
    async fn an_account_disabled_during_the_check_gets_no_session(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let reply = overtaken_by(fixture, &app, &["UPDATE accounts SET status = 'disabled'"]).await;
        reply.expect_error(401, "Invalid username or password");
        assert_eq!(app.count(SESSIONS).await, 0);
    }

    async fn a_password_changed_during_the_check_is_the_one_that_counts(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        // A hash of `U*U`.
        let change = &["UPDATE accounts SET password_hash =
            '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'"];
        let reply = overtaken_by(fixture, &app, change).await;
        reply.expect_error(401, "Invalid username or password");
        assert_eq!(app.count(SESSIONS).await, 0);
        app.log_in("ada", PASSWORD).await.expect(401);
        app.log_in("ada", "U*U").await.expect(200);
    }

    async fn a_change_of_something_else_during_the_check_is_no_hindrance(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        let reply = overtaken_by(fixture, &app, &["UPDATE accounts SET role = 'staff', epoch = 3"]).await;
        let session = reply.expect(200);
        // The token says what is so now, not what was so when the sign-in began.
        let claims = app.claims(session["token"].as_str().unwrap());
        assert_eq!(claims.epoch, 3);
        assert_eq!(session["roles"], serde_json::json!(["customer", "staff"]));
    }

    async fn a_hash_renewed_by_one_sign_in_hinders_no_other(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        for username in ["ada", "grace"] {
            app.register(username).await;
        }
        // Another hash of the same password, as another sign-in would leave behind.
        let renewal = &["UPDATE accounts SET password_hash =
            (SELECT password_hash FROM accounts WHERE username = 'grace') WHERE username = 'ada'"];
        overtaken_by(fixture, &app, renewal).await.expect(200);
        app.stop().await;
        let app = AuthApp::start(fixture, &[("auth.password.bcrypt_cost", "5"), ("auth.brute_force.enabled", "false")]).await;
        let replies = join_all((0..10).map(|_| app.log_in("ada", PASSWORD))).await;
        for reply in replies {
            reply.expect(200);
        }
        let hash = app.texts("SELECT password_hash FROM accounts WHERE username = 'ada'").await;
        assert!(hash[0].starts_with("$2b$05$"), "{hash:?}");
        assert_eq!(app.count(SESSIONS).await, 11);
    }

    async fn a_name_that_somebody_is_about_to_have_is_taken(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        app.register("grace").await;
        for (username, change, message) in [
            (
                "ada",
                &["UPDATE accounts SET username = 'Ada', username_key = 'ada'"],
                "Username already exists",
            ),
            (
                "eve",
                &["UPDATE accounts SET email = 'Eve@example.com', email_key = 'eve@example.com'"],
                "Email already registered",
            ),
        ] {
            let body = registration(username);
            let client = app.client();
            let reply = during(fixture, &app, change, client.post("/register", &body)).await;
            reply.expect_error(409, message);
        }
        assert_eq!(app.count("SELECT user_id FROM accounts").await, 1);
        assert_eq!(app.count("SELECT event_id FROM outbox").await, 1);
    }
}
