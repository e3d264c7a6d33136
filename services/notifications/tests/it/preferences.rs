//! How users want to be told.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{NOTIFICATIONS, list, start, titles, until_titled};
use crate::mailbox::mail_to;

fn preference(kind: &str, in_app: bool, email: bool) -> Value {
    json!({ "kind": kind, "in_app": in_app, "email": email, "sms": false })
}

on_both_databases! {
    async fn a_user_is_told_as_they_prefer(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.auth_double.set_address(bob.identity.user_id, "bob@example.com");
        let put = async |in_app, email| {
            let body = json!({ "items": [preference("order.paid", in_app, email)] });
            ada.client.put("/notifications/preferences", &body).await.expect(200)
        };
        let said = put(true, false).await;
        assert_eq!(said["items"].as_array().map(Vec::len), Some(14));
        assert_eq!(ada.client.get("/notifications/preferences").await.expect(200), said);
        assert_eq!(said["items"][2], preference("order.paid", true, false));
        assert_eq!(said["items"][3], preference("order.shipped", true, true), "the others stay");
        app.pay_all(&ada, 1..=1).await;
        put(false, true).await;
        app.pay(&ada, "2").await;
        mail_to(&app, "ada@example.com", 1).await;
        put(false, false).await;
        app.pay(&ada, "3").await;
        app.until_done(3).await;
        put(true, true).await;
        app.pay(&ada, "4").await;
        until_titled(&ada, "Order 4 is paid").await;
        assert_eq!(titles(&list(&ada).await), ["Order 4 is paid", "Order 1 is paid"]);
        let subjects: Vec<_> = mail_to(&app, "ada@example.com", 2).await.iter().map(|mail| mail["subject"].clone()).collect();
        assert_eq!(subjects, ["Order 4 is paid", "Order 2 is paid"]);
        app.pay_all(&bob, 5..=5).await;
        mail_to(&app, "bob@example.com", 1).await;
    }

    async fn preferences_are_ones_own_and_changed_at_once_by_many(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        let kinds = ["order.paid", "order.shipped", "order.delivered", "order.cancelled"];
        let sending = (0..40).map(|number: usize| {
            let body = json!({ "items": [preference(kinds[number % 4], false, false), preference(kinds[(number + 1) % 4], false, false)] });
            let client = ada.client.clone();
            async move { client.put("/notifications/preferences", &body).await.expect(200) }
        });
        join_all(sending).await;
        let said = ada.client.get("/notifications/preferences").await.expect(200);
        let off = said["items"].as_array().into_iter().flatten().filter(|item| item["email"] == false).count();
        assert_eq!(off, 4);
        let of_bob = bob.client.get("/notifications/preferences").await.expect(200);
        assert!(of_bob["items"].as_array().into_iter().flatten().all(|item| item["email"] == true));
    }

    async fn what_is_no_preference_is_refused_by_member(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let paid = preference("order.paid", true, true);
        for (body, wrong) in [
            (json!({}), "/items"),
            (json!({ "items": {} }), "/items"),
            (json!({ "items": [paid, paid] }), "/items/1/kind"),
            (json!({ "items": [preference("order.created", true, true)] }), "/items/0/kind"),
            (json!({ "items": [{ "kind": "order.paid", "in_app": true }] }), "/items/0/email"),
            (json!({ "items": [{ "kind": "order.paid", "in_app": true, "email": true, "sms": null }] }), "/items/0/sms"),
            (json!({ "items": [{ "kind": "order.paid", "in_app": true, "email": true, "sms": true }] }), "/items/0/sms"),
            (json!({ "items": [], "phone": "030123456" }), "/phone"),
            (json!({ "items": [], "phone": "+0123456789" }), "/phone"),
            (json!({ "items": [], "phone": "+49 30 123456" }), "/phone"),
            (json!({ "items": [], "phone": "+4930123456789012" }), "/phone"),
            (json!({ "items": [], "phone": "" }), "/phone"),
            (json!({ "items": [{ "kind": "order.paid", "in_app": 1, "email": true }] }), "/items/0/in_app"),
            (json!({ "items": [paid], "user_id": ada.id }), "/user_id"),
        ] {
            let refused = ada.client.put("/notifications/preferences", &body).await.expect(400);
            assert_eq!(refused["errors"][0]["pointer"], wrong, "{body}");
        }
        assert_eq!(app.count("SELECT user_id FROM preferences").await, 0);
        let empty = ada.client.put("/notifications/preferences", &json!({ "items": [] })).await.expect(200);
        assert_eq!(empty["items"].as_array().map(Vec::len), Some(14));
        assert_eq!(app.count(NOTIFICATIONS).await, 0);
    }
}
