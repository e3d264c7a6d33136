//! What other services ask of notifications, in each of the three ways to ask.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use futures::future::join_all;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{Fixture, eventually, on_both_databases};
use kit_token::UserId;
use notifications_api::{
    AccountMessage, MessageToken, NotificationsClient, NotificationsError, Recipient, SendMessage,
};

use crate::app::{NotificationsApp, new_id, notifications, start, text};
use crate::mailbox::mail_to;
use crate::queue::{ended, pending};

const TOKEN: &str = "Wm1yQ2hhbmdlTWVUb1NvbWV0aGluZ1JhbmRvbQ";

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("auth".into()),
        Deadline::after(Duration::from_mins(1)),
    )
}

fn reset(app: &NotificationsApp, to: Recipient) -> SendMessage {
    SendMessage {
        message_id: new_id(),
        to,
        message: AccountMessage::PasswordReset {
            username: "ada<b>".to_owned(),
            token: MessageToken(TOKEN.to_owned()),
            expires_at: app.now().plus(Duration::from_mins(30)),
        },
    }
}

fn address(text: &str) -> Recipient {
    Recipient::Email(text.parse().unwrap())
}

on_both_databases! {
    async fn a_message_is_sent_once_however_often_it_is_asked_for(fixture: &Fixture) {
        let app = start(fixture).await;
        for (transport, client) in app.each_transport::<NotificationsClient>().await {
            let to = format!("{transport}@example.com");
            let message = reset(&app, address(&to));
            let call = call();
            let asking = (0..20).map(|_| client.send_message(&call, message.clone()));
            for answer in join_all(asking).await {
                assert_eq!(answer, Ok(()), "{transport}");
            }
            let mail = mail_to(&app, &to, 1).await.remove(0);
            assert_eq!(client.send_message(&call, message).await, Ok(()), "{transport}");
            assert_eq!(mail["subject"], "Choose a new password");
            let link = format!("http://127.0.0.1:8080/reset#{TOKEN}");
            assert!(text(&mail["text"]).contains(&link), "{mail}");
            assert!(text(&mail["text"]).contains("the account ada<b>. The link is good until 2030-01-01 00:30 UTC"), "{mail}");
            assert!(text(&mail["html"]).contains("ada&lt;b&gt;"), "{mail}");
        }
        eventually("all are sent", async || (ended(&app).await == ["sent"; 3]).then_some(())).await;
        assert_eq!(app.count("SELECT mail_id FROM mailbox").await, 3);
    }

    async fn each_message_has_its_words(fixture: &Fixture) {
        let app = start(fixture).await;
        let client: NotificationsClient = app.contract();
        let (username, token) = ("ada".to_owned(), MessageToken(TOKEN.to_owned()));
        let expires_at = app.now().plus(Duration::from_mins(30));
        for (message, subject, link) in [
            (AccountMessage::EmailConfirmation { username: username.clone(), token, expires_at }, "Confirm your e-mail address", format!("/confirm-email#{TOKEN}")),
            (AccountMessage::PasswordChanged { username, at: app.now() }, "Your password was changed", "/forgot".to_owned()),
        ] {
            let to = format!("{}@example.com", subject.len());
            client.send_message(&call(), SendMessage { message_id: new_id(), to: address(&to), message }).await.unwrap();
            let mail = mail_to(&app, &to, 1).await.remove(0);
            assert_eq!(mail["subject"], subject);
            assert!(text(&mail["text"]).ends_with(&format!("http://127.0.0.1:8080{link}\n")), "{mail}");
        }
    }

    async fn what_concerns_an_account_is_sent_whatever_is_preferred_to_the_address_it_has(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.execute("INSERT INTO preferences (user_id, kind, in_app, email) SELECT 'x', 'order.paid', 0, 0").await;
        let client: NotificationsClient = app.contract();
        client.send_message(&call(), reset(&app, Recipient::User(ada.identity.user_id))).await.unwrap();
        mail_to(&app, "ada@example.com", 1).await;
    }

    async fn a_secret_is_forgotten_once_it_is_sent_or_given_up(fixture: &Fixture) {
        let app = start(fixture).await;
        app.auth_double.set_away(true);
        let client: NotificationsClient = app.contract();
        let nobody: UserId = new_id();
        client.send_message(&call(), reset(&app, Recipient::User(nobody))).await.unwrap();
        eventually("it was tried", async || (!pending(&app).await.is_empty()).then_some(())).await;
        let kept = async || {
            let rows = app.rows("SELECT content FROM messages").await;
            rows.iter().filter(|row| row.get::<Option<String>>("content").unwrap().is_some_and(|content| content.contains(TOKEN))).count()
        };
        assert_eq!(kept().await, 1, "until then it is needed");
        client.send_message(&call(), reset(&app, address("ada@example.com"))).await.unwrap();
        mail_to(&app, "ada@example.com", 1).await;
        assert_eq!(kept().await, 1);
        // What has expired is of no use to anybody.
        fixture.advance(Duration::from_mins(31));
        eventually("it is given up", async || (ended(&app).await.len() == 2).then_some(())).await;
        assert_eq!(kept().await, 0);
        assert_eq!(app.count("SELECT reason FROM messages WHERE reason = 'it has expired'").await, 1);
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(fixture: &Fixture) {
        let app = start(fixture).await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (transport, client) in app.each_transport::<NotificationsClient>().await {
            let sent = client.send_message(&late, reset(&app, address("ada@example.com"))).await;
            assert_eq!(sent, Err(NotificationsError::Unavailable), "{transport}");
        }
        assert_eq!(app.count("SELECT message_id FROM messages").await, 0);
    }
}

#[test]
fn a_token_is_not_printed() {
    let message = AccountMessage::PasswordReset {
        username: "ada".to_owned(),
        token: MessageToken(TOKEN.to_owned()),
        expires_at: kit_runtime::Timestamp::from_seconds(0),
    };
    assert!(!format!("{message:?}").contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_notifications_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, parts) = notifications(fixture).await;
        let (app, proxy) = app.start_behind_proxy().await;
        let app = NotificationsApp::of(app, parts);
        let transports = app.each_transport::<NotificationsClient>().await;
        proxy.cut();
        let message = reset(&app, address("ada@example.com"));
        for (transport, client) in &transports {
            let sent = client.send_message(&call(), message.clone()).await;
            assert_eq!(sent, Err(NotificationsError::Unavailable), "{transport}");
        }
        proxy.mend();
        for (transport, client) in &transports {
            assert_eq!(
                client.send_message(&call(), message.clone()).await,
                Ok(()),
                "{transport}"
            );
        }
        mail_to(&app, "ada@example.com", 1).await;
    })
    .await;
}
