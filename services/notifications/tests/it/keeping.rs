//! What is kept, and for how long.

use std::time::Duration;

use auth_api::UserDeleted;
use kit_testing::{eventually, on_both_databases};
use serde_json::json;

use crate::app::{NOTIFICATIONS, NotificationsApp, list, start, titles};
use crate::mailbox::mail_to;

on_both_databases! {
    async fn the_newest_of_each_user_are_kept(fixture: &Fixture) {
        let app = NotificationsApp::start_with(fixture, &[("notifications.kept_per_user", "3")]).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.pay_all(&bob, 100..=100).await;
        app.pay_all(&ada, 1..=5).await;
        let listing = list(&ada).await;
        assert_eq!(titles(&listing), [5, 4, 3].map(|number| format!("Order {number} is paid")));
        assert_eq!(listing["unread_count"], 3);
        assert_eq!(titles(&list(&bob).await), ["Order 100 is paid"]);
        assert_eq!(app.count(NOTIFICATIONS).await, 4);
    }

    async fn what_is_old_is_removed(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=2).await;
        fixture.advance(Duration::from_hours(24 * 179));
        let ada = app.person(ada.identity.clone());
        app.pay_all(&ada, 3..=3).await;
        fixture.advance(Duration::from_hours(25));
        app.stop().await;
        // The sweeper looks when a process starts.
        let app = start(fixture).await;
        let ada = app.person(ada.identity.clone());
        eventually("what is old is gone", async || (app.count(NOTIFICATIONS).await == 1).then_some(())).await;
        assert_eq!(titles(&list(&ada).await), ["Order 3 is paid"]);
    }

    async fn an_account_that_is_gone_leaves_nothing_and_gets_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.auth_double.set_address(bob.identity.user_id, "bob@example.com");
        app.pay_all(&ada, 1..=2).await;
        app.pay_all(&bob, 3..=3).await;
        mail_to(&app, "ada@example.com", 2).await;
        mail_to(&app, "bob@example.com", 1).await;
        for person in [&ada, &bob] {
            let preference = json!({ "items": [{ "kind": "order.paid", "in_app": true, "email": true }] });
            person.client.put("/notifications/preferences", &preference).await.expect(200);
        }
        let (user_id, timestamp) = (ada.identity.user_id, app.now());
        app.auth.publish(UserDeleted { user_id, timestamp }).await;
        eventually("it is erased", async || (app.count(NOTIFICATIONS).await == 1).then_some(())).await;
        // What was under way to it comes too late.
        app.pay(&ada, "4").await;
        app.until_done(5).await;
        assert_eq!(list(&ada).await, json!({ "items": [], "next_cursor": null, "unread_count": 0 }));
        assert_eq!(titles(&list(&bob).await), ["Order 3 is paid"]);
        for (kept, count) in [
            ("SELECT user_id FROM preferences", 1), ("SELECT user_id FROM messages", 1), ("SELECT user_id FROM mailbox", 1),
        ] {
            assert_eq!(app.count(kept).await, count, "{kept}: of nobody but bob");
        }
        let never_seen = app.sign_up("eve").identity.user_id;
        app.auth.publish(UserDeleted { user_id: never_seen, timestamp }).await;
        app.until_done(6).await;
    }
}
