//! Mail through a server that is not ours.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::{Fixture, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{NotificationsApp, paid, text};
use crate::foreign::Script;
use crate::queue::{ended, pending};

/// Notifications with a mail server.
async fn start(fixture: &Fixture) -> (NotificationsApp, Script) {
    let mut server = Script::start("smtp_server.py", &[]);
    let port = server.next().await["port"].as_u64().unwrap();
    let url = format!("smtp://stoa:p%40ss%20word@127.0.0.1:{port}");
    (start_at(fixture, &url).await, server)
}

async fn start_at(fixture: &Fixture, url: &str) -> NotificationsApp {
    let settings = [
        ("notifications.smtp.url", url),
        ("notifications.mail.from", "Our shop <shop@example.com>"),
    ];
    NotificationsApp::start_with(fixture, &settings).await
}

fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let (head, _) = mail["mail"].as_str().unwrap().split_once("\r\n\r\n").unwrap();
    let line = head.split("\r\n").find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.strip_prefix(": ")).unwrap_or_default()
}

on_both_databases! {
    async fn a_mail_is_sent_as_text_and_html(fixture: &Fixture) {
        let (app, mut server) = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.pay(&ada, "10001").await;
        let mail = server.next().await;
        assert_eq!((&mail["sender"], &mail["recipients"]), (&json!("shop@example.com"), &json!(["ada@example.com"])));
        assert_eq!(header(&mail, "From"), "\"Our shop\" <shop@example.com>");
        assert_eq!(header(&mail, "To"), "ada@example.com");
        assert_eq!(header(&mail, "Subject"), "Order 10001 is paid");
        assert_eq!(header(&mail, "Date"), "Tue, 01 Jan 2030 00:00:00 +0000");
        assert!(header(&mail, "Message-ID").starts_with("<msg_"), "{mail}");
        assert!(header(&mail, "Content-Type").starts_with("multipart/alternative"), "{mail}");
        let body = text(&mail["mail"]);
        assert!(body.contains("http://127.0.0.1:8080/orders/ord_"), "{body}");
        eventually("it is known", async || (ended(&app).await == ["sent"]).then_some(())).await;
        assert_eq!(app.count("SELECT message_id FROM mailbox").await, 0);
        app.admin().client.get("/mailbox").await.expect_error(404, "Mailbox not found");
        app.admin().client.get("/mailbox/mail_0190c2a4-7c1e-7b3e-9c53-000000000000").await.expect_error(404, "Mailbox not found");
    }

    async fn a_server_that_is_busy_is_tried_again_with_the_same_message(fixture: &Fixture) {
        let (app, mut server) = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "busy@example.com");
        app.pay(&ada, "1").await;
        assert_eq!(server.next().await, json!({ "busy": "busy@example.com" }));
        eventually("the reason is kept", async || {
            pending(&app).await.first().is_some_and(|(attempts, reason)| *attempts == 1 && reason.contains("come back later")).then_some(())
        })
        .await;
        fixture.advance(Duration::from_secs(7));
        let mail = server.next().await;
        assert_eq!(header(&mail, "To"), "busy@example.com");
        let id = app.rows("SELECT message_id FROM messages").await[0].get::<String>("message_id").unwrap();
        assert_eq!(header(&mail, "Message-ID"), format!("<{id}@example.com>"));
    }

    async fn a_recipient_that_there_is_not_is_given_up_at_once(fixture: &Fixture) {
        let (app, mut server) = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.auth_double.set_address(ada.identity.user_id, "nobody@example.com");
        app.auth_double.set_address(bob.identity.user_id, "bob@example.com");
        app.pay(&ada, "1").await;
        eventually("it is given up", async || (ended(&app).await == ["given_up"]).then_some(())).await;
        let row = &app.rows("SELECT reason, address, content FROM messages").await[0];
        assert!(row.get::<String>("reason").unwrap().contains("has no mailbox here"));
        assert_eq!(row.get::<Option<String>>("content").unwrap(), None);
        app.pay(&bob, "2").await;
        assert_eq!(header(&server.next().await, "To"), "bob@example.com", "nobody else waits");
    }

    async fn a_server_that_is_not_there_or_does_not_let_us_in_loses_nothing(fixture: &Fixture) {
        let app = start_at(fixture, "smtp://stoa:p%40ss%20word@127.0.0.1:1").await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.orders.publish(paid(ada.identity.user_id, "1", app.now())).await;
        eventually("it was tried", async || pending(&app).await.first().is_some_and(|(attempts, _)| *attempts == 1).then_some(())).await;
        app.stop().await;
        let mut server = Script::start("smtp_server.py", &[]);
        let port = server.next().await["port"].as_u64().unwrap();
        let app = start_at(fixture, &format!("smtp://stoa:wrong@127.0.0.1:{port}")).await;
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        fixture.advance(Duration::from_secs(7));
        eventually("it was tried again", async || pending(&app).await.first().is_some_and(|(attempts, _)| *attempts == 2).then_some(())).await;
        app.stop().await;
        let app = start_at(fixture, &format!("smtp://stoa:p%40ss%20word@127.0.0.1:{port}")).await;
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        fixture.advance(Duration::from_secs(40));
        assert_eq!(header(&server.next().await, "Subject"), "Order 1 is paid");
    }
}
