//! SMS through a provider that is not ours; it is stood for by a script that answers as the provider does.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use auth_api::UserDeleted;
use kit_testing::{Fixture, Person, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{NotificationsApp, start, text};
use crate::foreign::Script;
use crate::mailbox::mail_to;
use crate::queue::{ended, pending};

/// Notifications with a provider of SMS.
async fn start_with_provider(fixture: &Fixture, token: &str) -> (NotificationsApp, Script) {
    let mut provider = Script::start("twilio_server.py", &[]);
    let port = provider.next().await["port"].as_u64().unwrap();
    let settings = [
        ("notifications.sms.url", format!("http://127.0.0.1:{port}")),
        ("notifications.sms.account", "AC0123".to_owned()),
        ("notifications.sms.token", token.to_owned()),
        ("notifications.sms.from", "+15005550006".to_owned()),
        ("notifications.sms.per_day", "3".to_owned()),
    ];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    (NotificationsApp::start_with(fixture, &settings).await, provider)
}

/// Somebody wants to know by SMS, and not by mail, when an order is paid.
async fn prefer_sms(person: &Person, phone: &str) -> Value {
    let item = json!({ "kind": "order.paid", "in_app": true, "email": false, "sms": true });
    let body = json!({ "items": [item], "phone": phone });
    person
        .client
        .put("/notifications/preferences", &body)
        .await
        .expect(200)
}

on_both_databases! {
    async fn who_wants_it_is_told_by_sms(fixture: &Fixture) {
        let (app, mut provider) = start_with_provider(fixture, "p@ss:word").await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.auth_double.set_address(bob.identity.user_id, "bob@example.com");
        let usual = ada.client.get("/notifications/preferences").await.expect(200);
        assert_eq!((&usual["items"][2]["sms"], &usual["phone"]), (&json!(false), &Value::Null));
        let said = prefer_sms(&ada, "+4930123456").await;
        assert_eq!((&said["items"][2]["sms"], &said["items"][3]["sms"], &said["phone"]), (&json!(true), &json!(false), &json!("+4930123456")));
        // A client that knows nothing of it changes nothing of it.
        let old = json!({ "items": [{ "kind": "order.paid", "in_app": true, "email": false }] });
        assert_eq!(ada.client.put("/notifications/preferences", &old).await.expect(200), said);
        app.pay(&bob, "1").await;
        app.pay(&ada, "2").await;
        let sms = provider.next().await;
        assert_eq!((&sms["To"], &sms["From"]), (&json!("+4930123456"), &json!("+15005550006")));
        let body = text(&sms["Body"]);
        assert!(body.starts_with("Order 2 is paid: http://127.0.0.1:8080/orders/ord_") && body.len() < 160, "{body}");
        mail_to(&app, "bob@example.com", 1).await;
        eventually("all are sent", async || (ended(&app).await == ["sent"; 2]).then_some(())).await;
        let removed = ada.client.put("/notifications/preferences", &json!({ "items": [], "phone": null })).await.expect(200);
        assert_eq!(removed["phone"], Value::Null);
        app.pay(&ada, "3").await;
        app.until_done(3).await;
        assert_eq!(app.count("SELECT message_id FROM messages WHERE channel = 'sms'").await, 1);
    }

    async fn a_provider_that_is_busy_or_broken_is_tried_again(fixture: &Fixture) {
        let (app, mut provider) = start_with_provider(fixture, "p@ss:word").await;
        for (phone, refusal) in [("+15005550002", json!({ "refused": 429, "code": 20429 })), ("+15005550003", json!({ "refused": 500, "code": null }))] {
            let user = app.sign_up("user");
            prefer_sms(&user, phone).await;
            app.pay(&user, "1").await;
            assert_eq!(provider.next().await, refusal);
            eventually("it waits", async || (!pending(&app).await.is_empty()).then_some(())).await;
            fixture.advance(Duration::from_secs(7));
            assert_eq!(provider.next().await["To"], phone);
            eventually("it is sent", async || pending(&app).await.is_empty().then_some(())).await;
        }
    }

    async fn a_number_that_there_is_not_is_given_up_at_once_and_a_wrong_token_is_not(fixture: &Fixture) {
        let (app, mut provider) = start_with_provider(fixture, "p@ss:word").await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        prefer_sms(&ada, "+15005550001").await;
        prefer_sms(&bob, "+4930123456").await;
        app.pay(&ada, "1").await;
        assert_eq!(provider.next().await["code"], 21_211);
        eventually("it is given up", async || (ended(&app).await == ["given_up"]).then_some(())).await;
        let reason = app.rows("SELECT reason FROM messages").await[0].get::<String>("reason").unwrap();
        assert_eq!(reason, "the provider answered 400: 21211 The 'To' number +15005550001 is not a valid phone number.");
        app.stop().await;
        let (app, mut provider) = start_with_provider(fixture, "wrong").await;
        let bob = app.person(bob.identity.clone());
        app.pay(&bob, "2").await;
        assert_eq!(provider.next().await["code"], 20_003);
        eventually("it waits for the operator", async || (pending(&app).await.len() == 1).then_some(())).await;
    }

    async fn nobody_gets_more_than_so_many_a_day(fixture: &Fixture) {
        let (app, mut provider) = start_with_provider(fixture, "p@ss:word").await;
        let ada = app.sign_up("ada");
        prefer_sms(&ada, "+4930123456").await;
        app.pay_all(&ada, 1..=4).await;
        for _ in 1..=3 {
            provider.next().await;
        }
        assert_eq!(app.count("SELECT message_id FROM messages").await, 3);
        fixture.advance(Duration::from_hours(24));
        let ada = app.person(ada.identity.clone());
        app.pay_all(&ada, 5..=5).await;
        assert!(text(&provider.next().await["Body"]).starts_with("Order 5 is paid"));
    }

    async fn without_a_provider_sms_are_in_the_mailbox_and_gone_with_the_account(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        prefer_sms(&ada, "+4930123456").await;
        app.pay(&ada, "1").await;
        let sms = mail_to(&app, "%2B4930123456", 1).await.remove(0);
        assert_eq!((&sms["channel"], &sms["subject"], &sms["html"]), (&json!("sms"), &json!(""), &json!("")));
        assert!(text(&sms["text"]).starts_with("Order 1 is paid: http"), "{sms}");
        let (user_id, timestamp) = (ada.identity.user_id, app.now());
        app.auth.publish(UserDeleted { user_id, timestamp }).await;
        app.until_done(2).await;
        for left in ["SELECT user_id FROM phones", "SELECT mail_id FROM mailbox", "SELECT message_id FROM messages"] {
            assert_eq!(app.count(left).await, 0, "{left}");
        }
    }
}
