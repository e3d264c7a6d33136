//! The one-time link by which the first admin is made.

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use kit_testing::{Reply, on_both_databases};
use serde_json::json;

use crate::app::{AuthApp, PASSWORD};
use crate::during::during;

const ADMINS: &str = "SELECT username FROM accounts WHERE role = 'admin' ORDER BY username";
const NO_LINK: &str = "this set-up link does not work, or not any more";
const FORM: &str = "application/x-www-form-urlencoded";

fn link(app: &AuthApp) -> String {
    app.set_up_secret().unwrap()
}

async fn page(app: &AuthApp, token: &str) -> Reply {
    app.client().get(&format!("/setup?token={token}")).await
}

async fn post(app: &AuthApp, form: &str) -> Reply {
    let form = Bytes::from(form.to_owned());
    app.client()
        .send_raw(Method::POST, "/setup", Some(FORM), form)
        .await
}

fn filled(token: &str, username: &str) -> String {
    format!("token={token}&username={username}&email={username}%40example.com&password={PASSWORD}")
}

fn is_private_page(reply: &Reply) {
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    let policy = reply.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
}

on_both_databases! {
    async fn whoever_holds_the_link_makes_the_first_admin_once(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        assert!(link.len() >= 43, "256 bits");
        let shown = page(&app, &link).await;
        is_private_page(&shown);
        let html = String::from_utf8(shown.body.to_vec()).unwrap();
        assert!(html.contains(&format!(r#"name="token" value="{link}""#)), "{html}");
        for field in ["username", "email", "password"] {
            assert!(html.contains(&format!(r#"name="{field}""#)), "{field}");
        }
        assert!(!html.contains("{{"), "{html}");
        // Looking does not use it up.
        is_private_page(&page(&app, &link).await);

        let done = post(&app, &filled(&link, "root")).await;
        is_private_page(&done);
        assert!(!String::from_utf8_lossy(&done.body).contains(PASSWORD));
        let session = app.log_in("root", PASSWORD).await.expect(200);
        assert_eq!(session["roles"], json!(["customer", "staff", "admin"]));
        assert_eq!(app.texts("SELECT type FROM outbox").await, ["user.registered"]);

        page(&app, &link).await.expect_error(404, NO_LINK);
        post(&app, &filled(&link, "second")).await.expect_error(404, NO_LINK);
        assert_eq!(app.texts(ADMINS).await, ["root"]);
        app.stop().await;
        let app = AuthApp::start(fixture, &[]).await;
        assert!(app.notices.is_empty(), "nor does a restart open it again");
        post(&app, &filled(&link, "second")).await.expect_error(404, NO_LINK);
    }

    async fn another_secret_opens_nothing(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        let other = "x".repeat(link.len());
        for token in ["", "x", &link[1..], &format!("{link}x"), &other] {
            page(&app, token).await.expect_error(404, NO_LINK);
            post(&app, &filled(token, "root")).await.expect_error(404, NO_LINK);
        }
        app.client().get("/setup").await.expect(400);
        assert_eq!(app.count(ADMINS).await, 0);
        post(&app, &filled(&link, "root")).await.expect(200);
    }

    async fn a_restart_makes_a_new_link_and_forgets_the_old(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let old = link(&app);
        app.stop().await;
        let app = AuthApp::start(fixture, &[]).await;
        assert_ne!(link(&app), old);
        page(&app, &old).await.expect_error(404, NO_LINK);
        page(&app, &link(&app)).await.expect(200);
    }

    async fn a_form_that_is_not_valid_leaves_the_link_good(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        app.register("ada").await;
        let good = filled(&link, "root");
        let wrong = good.replace(PASSWORD, "password1");
        let reply = post(&app, &wrong).await.expect(400);
        assert_eq!(reply["errors"], json!([{ "pointer": "/password", "message": "is too common" }]));
        for (form, status) in [
            (filled(&link, "r"), 400),
            (good.replace("email=", "mail="), 400),
            (format!("{good}&role=admin"), 400),
            (format!("{good}&username=other"), 400),
            (String::new(), 400),
            (good.replace("root", "ada"), 409),
        ] {
            let reply = post(&app, &form).await.expect(status);
            assert_eq!(reply["status"], status.to_string(), "{form}");
            assert!(!reply["message"].as_str().unwrap().contains(PASSWORD), "{reply}");
        }
        let json = app.client().post("/setup", &json!({ "token": link })).await.expect(415);
        assert_eq!(json["message"], "the content type must be `application/x-www-form-urlencoded`");
        assert_eq!(app.count(ADMINS).await, 0);
        post(&app, &good).await.expect(200);
        assert_eq!(app.texts(ADMINS).await, ["root"]);
    }

    async fn of_twenty_who_use_the_link_at_once_one_becomes_admin(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        let forms: Vec<_> = (0..20).map(|number| filled(&link, &format!("root{number}"))).collect();
        let replies = join_all(forms.iter().map(|form| post(&app, form))).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((made.len(), refused.len()), (1, 19));
        for reply in refused {
            reply.expect_error(404, NO_LINK);
        }
        assert_eq!(app.count("SELECT username FROM accounts").await, 1);
        assert_eq!(app.count(ADMINS).await, 1);
        assert_eq!(app.count("SELECT type FROM outbox").await, 1);
    }

    async fn whoever_comes_second_to_be_the_first_admin_is_none(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        app.register("ada").await;
        // What another process does under the lock.
        let change = &["UPDATE locks SET name = name WHERE name = 'admins'", "UPDATE accounts SET role = 'admin'"];
        let reply = during(fixture, &app, change, post(&app, &filled(&link, "root"))).await;
        reply.expect_error(404, NO_LINK);
        assert_eq!(app.texts(ADMINS).await, ["ada"]);
    }

    async fn a_used_link_stays_dead_whatever_becomes_of_the_admin(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        post(&app, &filled(&link, "root")).await.expect(200);
        app.execute("UPDATE accounts SET status = 'disabled'").await;
        page(&app, &link).await.expect_error(404, NO_LINK);
        post(&app, &filled(&link, "second")).await.expect_error(404, NO_LINK);
        assert_eq!(app.texts(ADMINS).await, ["root"]);
        app.stop().await;
        // Only whoever sees the process start gets another one.
        let app = AuthApp::start(fixture, &[]).await;
        assert!(app.set_up_secret().is_some());
    }

    async fn the_link_dies_when_somebody_becomes_admin_another_way(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let link = link(&app);
        app.register("ada").await;
        app.execute("UPDATE accounts SET role = 'admin'").await;
        post(&app, &filled(&link, "root")).await.expect_error(404, NO_LINK);
        page(&app, &link).await.expect_error(404, NO_LINK);
        assert_eq!(app.texts(ADMINS).await, ["ada"]);
    }
}
