//! The queue of messages: tried until they are sent, or given up with a reason.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::{eventually, on_both_databases};

use crate::app::{NotificationsApp, list, paid, start};

/// How messages ended, in the order of their making.
pub(crate) async fn ended(app: &NotificationsApp) -> Vec<String> {
    let rows = app
        .rows("SELECT state FROM messages WHERE state <> 'pending' ORDER BY message_id")
        .await;
    rows.iter().map(|row| row.get("state").unwrap()).collect()
}

/// How often messages were tried that are to be sent, and why in vain.
pub(crate) async fn pending(app: &NotificationsApp) -> Vec<(i64, String)> {
    let query = "SELECT attempts, reason FROM messages WHERE state = 'pending' AND reason IS NOT NULL ORDER BY message_id";
    let row = |row: &kit_db::Row| (row.get("attempts").unwrap(), row.get("reason").unwrap());
    app.rows(query).await.iter().map(row).collect()
}

on_both_databases! {
    async fn a_message_waits_for_auth_and_is_given_up_in_the_end(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_away(true);
        app.pay(&ada, "1").await;
        for attempts in 1..=9 {
            eventually("it was tried", async || {
                let tried = pending(&app).await;
                tried.first().is_some_and(|(found, _)| *found == attempts).then_some(())
            })
            .await;
            // Longer than the longest pause.
            fixture.advance(Duration::from_hours(30));
        }
        eventually("it is given up", async || (ended(&app).await == ["given_up"]).then_some(())).await;
        let row = &app.rows("SELECT attempts, reason, content FROM messages").await[0];
        assert_eq!(row.get::<i64>("attempts").unwrap(), 10);
        assert!(row.get::<String>("reason").unwrap().starts_with("auth does not say the address"));
        assert_eq!(row.get::<Option<String>>("content").unwrap(), None);
    }

    async fn the_address_is_the_one_that_the_account_has_when_it_is_sent(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_away(true);
        app.pay(&ada, "1").await;
        eventually("it was tried", async || (!pending(&app).await.is_empty()).then_some(())).await;
        app.auth_double.set_address(ada.identity.user_id, "new@example.com");
        app.auth_double.set_away(false);
        fixture.advance(Duration::from_secs(7));
        eventually("it is sent", async || {
            (app.count("SELECT recipient FROM mailbox WHERE recipient = 'new@example.com'").await == 1).then_some(())
        })
        .await;
    }

    async fn a_message_to_an_account_that_is_gone_is_given_up(fixture: &Fixture) {
        let app = start(fixture).await;
        app.pay(&app.sign_up("ada"), "1").await;
        eventually("it is given up", async || (ended(&app).await == ["given_up"]).then_some(())).await;
        assert_eq!(app.count("SELECT reason FROM messages WHERE reason = 'there is no such account'").await, 1);
    }

    async fn what_a_process_took_and_did_not_end_is_tried_by_another(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_away(true);
        app.pay(&ada, "1").await;
        eventually("it was tried", async || (!pending(&app).await.is_empty()).then_some(())).await;
        app.stop().await;
        let app = start(fixture).await;
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        // As a process leaves it that dies in its second attempt.
        let taken = app.now().plus(Duration::from_mins(3)).as_micros();
        app.db.write(async move |tx: &mut kit_db::Tx| {
            kit_db::sql("UPDATE messages SET attempts = 2, due_at = $1").bind(taken).execute(tx).await
        }).await.unwrap();
        fixture.advance(Duration::from_mins(4));
        eventually("it is sent", async || (ended(&app).await == ["sent"]).then_some(())).await;
        assert_eq!(app.count("SELECT attempts FROM messages WHERE attempts = 3").await, 1);
    }

    async fn two_processes_send_each_message_once(fixture: &Fixture) {
        let one = start(fixture).await;
        let two = start(fixture).await;
        let users: Vec<_> = (0..30).map(|number| one.sign_up(&format!("user{number}"))).collect();
        for user in &users {
            let address = format!("{}@example.com", user.identity.username);
            for app in [&one, &two] {
                app.auth_double.set_address(user.identity.user_id, &address);
            }
        }
        let events = users.iter().map(|user| paid(user.identity.user_id, "1", one.now())).collect();
        one.orders.publish_all(events).await;
        eventually("all are sent", async || (ended(&one).await.len() == 30).then_some(())).await;
        assert!(ended(&one).await.iter().all(|state| state == "sent"));
        assert_eq!(one.count("SELECT DISTINCT recipient FROM mailbox").await, 30);
        assert_eq!(one.count("SELECT recipient FROM mailbox").await, 30);
    }

    async fn old_news_is_not_mailed(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        let three_days = Duration::from_hours(72);
        let old = paid(ada.identity.user_id, "1", app.now().minus(three_days + Duration::from_secs(1)));
        app.orders.publish(old).await;
        app.orders.publish(paid(ada.identity.user_id, "2", app.now().minus(three_days))).await;
        eventually("one is sent", async || (ended(&app).await == ["sent"]).then_some(())).await;
        app.until_done(2).await;
        assert_eq!(list(&ada).await["unread_count"], 2);
        assert_eq!(app.count("SELECT message_id FROM messages").await, 1);
    }

    async fn what_was_sent_is_forgotten_after_a_while(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.pay(&ada, "1").await;
        eventually("it is sent", async || (ended(&app).await == ["sent"]).then_some(())).await;
        app.stop().await;
        fixture.advance(Duration::from_hours(24 * 30) + Duration::from_secs(1));
        let app = start(fixture).await;
        eventually("it is forgotten", async || (app.count("SELECT message_id FROM messages").await == 0).then_some(())).await;
    }
}
