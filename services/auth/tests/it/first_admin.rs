//! The first admin, made from the configuration.

use kit_testing::{Fixture, on_both_databases};
use serde_json::json;

use crate::app::{AuthApp, PASSWORD};

const ADMINS: &str = "SELECT username FROM accounts WHERE role = 'admin' ORDER BY username";

const ROOT: [(&str, &str); 3] = [
    ("auth.admin.username", "root"),
    ("auth.admin.email", "root@example.com"),
    ("auth.admin.password", "the-password-of-root"),
];

async fn refusal(fixture: &Fixture, settings: &[(&str, &str)]) -> String {
    match AuthApp::try_start(fixture, settings).await {
        Ok(_) => panic!("it started"),
        Err(error) => format!("{error:#}"),
    }
}

on_both_databases! {
    async fn the_configured_admin_is_made_once(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &ROOT).await;
        assert!(app.notices.is_empty(), "there is nothing to set up");
        let session = app.log_in("root", "the-password-of-root").await.expect(200);
        assert_eq!(session["roles"], json!(["customer", "staff", "admin"]));
        let validated = app.validate(session["token"].as_str().unwrap()).await.expect(200);
        assert_eq!(validated["is_admin"], true);
        assert_eq!(app.texts("SELECT type FROM outbox").await, ["user.registered"]);
        app.stop().await;

        // Whatever the configuration says later: there is one already.
        let other = [
            ("auth.admin.username", "other"),
            ("auth.admin.email", "root@example.com"),
            ("auth.admin.password", "another-password-of-root"),
        ];
        for settings in [ROOT, other] {
            let app = AuthApp::start(fixture, &settings).await;
            assert_eq!(app.texts(ADMINS).await, ["root"]);
            app.log_in("root", "the-password-of-root").await.expect(200);
            assert_eq!(app.texts("SELECT type FROM outbox").await.len(), 1);
            app.stop().await;
        }
        let app = AuthApp::start(fixture, &[]).await;
        assert!(app.notices.is_empty());
    }

    async fn processes_that_start_at_once_make_one_admin(fixture: &Fixture) {
        // A SQLite file has one process.
        if !fixture.is_postgres() {
            return;
        }
        let other = [
            ("auth.admin.username", "other"),
            ("auth.admin.email", "other@example.com"),
            ("auth.admin.password", "the-password-of-other"),
        ];
        // The tables are there, so that it is the admin that they race for.
        AuthApp::start(fixture, &[]).await.stop().await;
        let (one, two) = futures::join!(AuthApp::start(fixture, &ROOT), AuthApp::start(fixture, &ROOT));
        assert_eq!(one.texts(ADMINS).await, ["root"]);
        for app in [&one, &two] {
            app.log_in("root", "the-password-of-root").await.expect(200);
            assert!(app.notices.is_empty());
        }
        // Also when they do not agree on who it is.
        one.execute("DELETE FROM sessions").await;
        one.execute("DELETE FROM accounts").await;
        let (three, four) = futures::join!(AuthApp::start(fixture, &ROOT), AuthApp::start(fixture, &other));
        assert_eq!(three.texts(ADMINS).await.len(), 1);
        assert!(three.notices.is_empty() && four.notices.is_empty());
    }

    async fn an_admin_that_cannot_be_made_stops_the_start_and_says_why(fixture: &Fixture) {
        let with = |key: &'static str, value: &'static str| {
            ROOT.map(|(name, usual)| if name == key { (name, value) } else { (name, usual) })
        };
        for (settings, named) in [
            (with("auth.admin.username", "r"), "username"),
            (with("auth.admin.email", "nowhere"), "email"),
            (with("auth.admin.password", "password1"), "password"),
        ] {
            let said = refusal(fixture, &settings).await;
            assert!(said.contains("first admin") && said.contains(named), "{said}");
            assert!(!said.contains("password1"), "{said}");
        }
        // Somebody who is no admin has the name, or the address.
        let app = AuthApp::start(fixture, &[]).await;
        app.register("root").await;
        app.stop().await;
        let said = refusal(fixture, &ROOT).await;
        assert!(said.contains("Username already exists"), "{said}");
        let said = refusal(fixture, &with("auth.admin.username", "boss")).await;
        assert!(said.contains("Email already registered"), "{said}");
        // They are still a customer with their own password.
        let app = AuthApp::start(fixture, &[]).await;
        let session = app.log_in("root", PASSWORD).await.expect(200);
        assert_eq!(session["roles"], json!(["customer"]));
        assert!(app.set_up_secret().is_some(), "nobody is admin");
    }
}
