//! A forgotten password, and an address that is confirmed: by mail that notifications sends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use kit_rpc::CallContext;
use kit_testing::{Fixture, Reply, eventually, on_both_databases};
use notifications_api::{
    AccountMessage, Notifications, NotificationsClient, NotificationsError, Recipient, SendMessage,
};
use serde_json::json;

use crate::app::{AuthApp, PASSWORD};
use crate::held::Held;

const NEW: &str = "staple-horse-battery-10";

/// Stands for notifications, which auth may not know beyond its contract.
#[derive(Clone, Default)]
struct NotificationsDouble(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    sent: Vec<SendMessage>,
    is_away: bool,
    /// Takes the message, and its answer is lost.
    loses_answers: bool,
}

impl Notifications for NotificationsDouble {
    async fn send_message(&self, _: &CallContext, request: SendMessage) -> Result<(), NotificationsError> {
        let mut script = self.0.lock().unwrap();
        if script.is_away {
            return Err(NotificationsError::Unavailable);
        }
        // Once, as its contract says.
        if script
            .sent
            .iter()
            .all(|sent| sent.message_id != request.message_id)
        {
            script.sent.push(request);
        }
        if script.loses_answers {
            return Err(NotificationsError::Unknown);
        }
        Ok(())
    }
}

impl NotificationsDouble {
    fn set_away(&self, is_away: bool) {
        self.0.lock().unwrap().is_away = is_away;
    }

    fn set_losing(&self, loses_answers: bool) {
        self.0.lock().unwrap().loses_answers = loses_answers;
    }

    /// The messages of a template to an address, in the order they were sent.
    fn sent(&self, template: &str, address: &str) -> Vec<SendMessage> {
        let to = Recipient::Email(address.parse().unwrap());
        let script = self.0.lock().unwrap();
        let is_one = |sent: &&SendMessage| {
            let said = serde_json::to_value(&sent.message).unwrap();
            said["template"] == template && sent.to == to
        };
        script.sent.iter().filter(is_one).cloned().collect()
    }

    /// Waits for so many; the tokens in them.
    async fn tokens(&self, template: &str, address: &str, count: usize) -> Vec<String> {
        let what = format!("{count} {template} to {address}");
        let sent = eventually(&what, async || {
            Some(self.sent(template, address)).filter(|sent| sent.len() == count)
        })
        .await;
        let token = |sent: &SendMessage| match &sent.message {
            AccountMessage::PasswordReset { token, .. } | AccountMessage::EmailConfirmation { token, .. } => {
                token.0.clone()
            }
            AccountMessage::PasswordChanged { .. } => String::new(),
        };
        sent.iter().map(token).collect()
    }
}

async fn start(fixture: &Fixture) -> (AuthApp, NotificationsDouble) {
    let double = NotificationsDouble::default();
    let client = NotificationsClient::loopback(double.clone());
    let app = AuthApp::try_start_with(fixture, &[], |app| app.peer(client)).await;
    (app.unwrap(), double)
}

async fn forget(app: &AuthApp, address: &str) -> Reply {
    app.client()
        .post("/password/forgot", &json!({ "email": address }))
        .await
}

async fn reset(app: &AuthApp, token: &str, new: &str) -> Reply {
    let body = json!({ "token": token, "new_password": new });
    app.client().post("/password/reset", &body).await
}

async fn confirm(app: &AuthApp, token: &str) -> Reply {
    app.client()
        .post("/email/confirm", &json!({ "token": token }))
        .await
}

/// Waits until nothing is to be asked for.
async fn until_all_sent(app: &AuthApp) {
    eventually("all is sent", async || {
        (app.count("SELECT request_id FROM mail_requests").await == 0).then_some(())
    })
    .await;
}

on_both_databases! {
    async fn whoever_forgot_the_password_chooses_another_by_mail(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        let (here, phone, grace) = (app.begin("ada").await, app.begin_again("ada").await, app.begin("grace").await);
        let asked = forget(&app, "ADA@example.com").await.expect(202);
        assert_eq!(asked, json!({ "message": "If the address has an account, a mail is on its way" }));
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        assert_eq!(token.len(), 43, "256 bits");
        assert_eq!(reset(&app, &token, NEW).await.expect(202), json!({ "message": "Password changed" }));
        app.log_in("ada", PASSWORD).await.expect_error(401, "Invalid username or password");
        let now = Held::of(&app.log_in("ada", NEW).await.expect(200));
        for ended in [&here, &phone] {
            app.assert_dead(ended).await;
        }
        app.assert_lives(&grace).await;
        app.assert_lives(&now).await;
        assert_eq!(app.me(&now.token).await.expect(200)["email_verified"], true, "they read its mail");
        mail.tokens("password_changed", "ada@example.com", 1).await;
        reset(&app, &token, PASSWORD).await.expect_error(400, "This link does not work, or not any more");
        app.log_in("ada", NEW).await.expect(200);
        let actions = app.texts("SELECT action FROM audit WHERE action = 'password.reset'").await;
        assert_eq!(actions.len(), 1);
    }

    async fn a_token_is_used_once_of_fifty_at_once(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        forget(&app, "ada@example.com").await.expect(202);
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        let passwords: Vec<_> = (0..50).map(|number| format!("staple-horse-battery-{number}")).collect();
        let replies = join_all(passwords.iter().map(|new| reset(&app, &token, new))).await;
        let won: Vec<_> = (0..50).filter(|at| replies[*at].status == 202).collect();
        let [winner] = won[..] else { panic!("{won:?} won") };
        for (at, reply) in replies.iter().enumerate().filter(|(at, _)| *at != winner) {
            // Or there was no thread for the hash.
            assert!([400, 503].contains(&reply.status.as_u16()), "{at}: {reply:?}");
        }
        app.log_in("ada", &passwords[winner]).await.expect(200);
    }

    async fn of_two_tokens_of_an_account_the_first_that_is_used_is_the_last(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        for count in 1..=2 {
            forget(&app, "ada@example.com").await.expect(202);
            mail.tokens("password_reset", "ada@example.com", count).await;
            until_all_sent(&app).await;
        }
        let tokens = mail.tokens("password_reset", "ada@example.com", 2).await;
        assert_ne!(tokens[0], tokens[1]);
        let replies = join_all(tokens.iter().map(|token| reset(&app, token, NEW))).await;
        let good = replies.iter().filter(|reply| reply.status == 202).count();
        assert_eq!(good, 1, "{replies:?}");
    }

    async fn an_address_that_nobody_has_is_answered_the_same_and_gets_nothing(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        let known = forget(&app, "ada@example.com").await.expect(202);
        for path in ["/password/forgot", "/email/confirm/resend"] {
            let unknown = app.client().post(path, &json!({ "email": "eve@example.com" })).await.expect(202);
            assert_eq!(unknown, known);
        }
        until_all_sent(&app).await;
        for template in ["password_reset", "email_confirmation"] {
            assert!(mail.sent(template, "eve@example.com").is_empty());
        }
        for bad in [json!({}), json!({ "email": "" }), json!({ "email": "ada" }), json!({ "email": "a\u{0}@example.com" }), json!({ "email": "ada@example.com", "username": "ada" })] {
            app.client().post("/password/forgot", &bad).await.expect(400);
        }
    }

    async fn an_address_is_confirmed_by_the_mail_of_its_registration(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        let ada = app.begin("ada").await;
        let token = mail.tokens("email_confirmation", "ada@example.com", 1).await.remove(0);
        assert_eq!(app.me(&ada.token).await.expect(200)["email_verified"], false);
        assert_eq!(confirm(&app, &token).await.expect(202), json!({ "message": "Address confirmed" }));
        assert_eq!(app.me(&ada.token).await.expect(200)["email_verified"], true);
        app.assert_lives(&ada).await;
        confirm(&app, &token).await.expect_error(400, "This link does not work, or not any more");
        // Others are told, once: also by a password that is set by mail later.
        forget(&app, "ada@example.com").await.expect(202);
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        reset(&app, &token, "a-new-horse-battery-9").await.expect(202);
        let told = app.texts("SELECT payload FROM outbox WHERE type = 'email.confirmed'").await;
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("ada@example.com"), "{told:?}");
        // There is nothing to confirm any more.
        app.client().post("/email/confirm/resend", &json!({ "email": "ada@example.com" })).await.expect(202);
        until_all_sent(&app).await;
        assert_eq!(mail.sent("email_confirmation", "ada@example.com").len(), 1);
    }

    async fn what_is_no_token_does_nothing(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        let ada = app.begin("ada").await;
        let of_address = mail.tokens("email_confirmation", "ada@example.com", 1).await.remove(0);
        forget(&app, "ada@example.com").await.expect(202);
        let of_password = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        for token in ["", "x", &"A".repeat(43), &"x".repeat(10_000), "\u{0}", &of_address] {
            let refused = reset(&app, token, NEW).await.expect(400);
            assert_eq!(refused["code"], "invalid_link", "{token}");
        }
        assert_eq!(confirm(&app, &of_password).await.expect(400)["code"], "invalid_link");
        let weak = reset(&app, &of_password, "short").await.expect(400);
        assert_eq!(weak["errors"][0]["pointer"], "/new_password");
        app.advance(Duration::from_mins(30));
        assert_eq!(reset(&app, &of_password, NEW).await.expect(400)["code"], "invalid_link", "too old");
        assert_eq!(confirm(&app, &of_address).await.expect(400)["code"], "invalid_link", "too old");
        app.assert_lives(&ada).await;
        app.log_in("ada", PASSWORD).await.expect(200);
    }

    async fn only_hashes_are_kept(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        forget(&app, "ada@example.com").await.expect(202);
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        let kept = app.texts("SELECT token_hash FROM mail_tokens").await;
        assert!(!kept.is_empty() && !kept.contains(&token));
        let told = app.texts("SELECT payload FROM outbox").await;
        assert!(told.iter().all(|payload| !payload.contains(&token)), "never in an event");
    }

    async fn nobody_is_flooded(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        let asking = (0..50).map(|_| forget(&app, "ada@example.com"));
        for reply in join_all(asking).await {
            reply.expect(202);
        }
        for _ in 0..6 {
            until_all_sent(&app).await;
            forget(&app, "ada@example.com").await.expect(202);
        }
        until_all_sent(&app).await;
        assert_eq!(mail.sent("password_reset", "ada@example.com").len(), 3, "in an hour");
        fixture.advance(Duration::from_hours(1));
        forget(&app, "ada@example.com").await.expect(202);
        mail.tokens("password_reset", "ada@example.com", 4).await;
    }

    async fn while_notifications_is_away_nothing_is_lost_and_nothing_waits(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        mail.set_away(true);
        app.begin("ada").await;
        forget(&app, "ada@example.com").await.expect(202);
        assert_eq!(app.count("SELECT request_id FROM mail_requests").await, 2);
        app.stop().await;
        let (app, mail) = start(fixture).await;
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        mail.tokens("email_confirmation", "ada@example.com", 1).await;
        reset(&app, &token, NEW).await.expect(202);
    }

    async fn a_lost_answer_sends_no_second_mail(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        until_all_sent(&app).await;
        mail.set_losing(true);
        forget(&app, "ada@example.com").await.expect(202);
        eventually("it is tried again", async || {
            let tokens = "SELECT token_hash FROM mail_tokens WHERE purpose = 'password_reset'";
            (app.count(tokens).await >= 2).then_some(())
        })
        .await;
        mail.set_losing(false);
        until_all_sent(&app).await;
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        reset(&app, &token, NEW).await.expect(202);
        app.log_in("ada", NEW).await.expect(200);
    }

    async fn a_disabled_account_gets_no_mail_and_no_password(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        forget(&app, "ada@example.com").await.expect(202);
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        app.execute("UPDATE accounts SET status = 'disabled'").await;
        assert_eq!(reset(&app, &token, NEW).await.expect(400)["code"], "invalid_link");
        until_all_sent(&app).await;
        forget(&app, "ada@example.com").await.expect(202);
        until_all_sent(&app).await;
        assert_eq!(mail.sent("password_reset", "ada@example.com").len(), 1);
    }

    async fn a_token_is_of_no_use_once_the_account_has_another_address(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        app.begin("ada").await;
        forget(&app, "ada@example.com").await.expect(202);
        let token = mail.tokens("password_reset", "ada@example.com", 1).await.remove(0);
        app.execute("UPDATE accounts SET email = 'new@example.com', email_key = 'new@example.com'").await;
        assert_eq!(reset(&app, &token, NEW).await.expect(400)["code"], "invalid_link");
    }

    async fn the_owner_is_told_of_a_password_that_was_changed(fixture: &Fixture) {
        let (app, mail) = start(fixture).await;
        let here = app.begin("ada").await;
        app.change_password(&here, PASSWORD, NEW).await.expect(200);
        mail.tokens("password_changed", "ada@example.com", 1).await;
    }
}
