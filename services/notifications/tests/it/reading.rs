//! Notifications are listed and read by whom they are for, and nobody else.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{list, start, text, titles};

fn path_of(notification: &Value) -> String {
    format!("/notifications/{}/read", text(&notification["id"]))
}

on_both_databases! {
    async fn a_user_without_notifications_has_an_empty_list(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        assert_eq!(list(&ada).await, json!({ "items": [], "next_cursor": null, "unread_count": 0 }));
        assert_eq!(ada.client.post("/notifications/read-all", &Value::Null).await.expect(200), json!({ "read": 0 }));
    }

    async fn a_notification_is_read_once_and_stays_read(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=3).await;
        let listing = list(&ada).await;
        assert_eq!(listing["unread_count"], 3);
        app.process.time.advance(std::time::Duration::from_secs(5));
        let path = path_of(&listing["items"][1]);
        let sending = (0..50).map(|_| ada.client.post(&path, &Value::Null));
        for reply in join_all(sending).await {
            let read = reply.expect(200);
            assert_eq!((&read["title"], &read["read_at"]), (&json!("Order 2 is paid"), &json!("2030-01-01T00:00:05.000000Z")));
        }
        app.process.time.advance(std::time::Duration::from_secs(5));
        let again = ada.client.post(&path, &Value::Null).await.expect(200);
        assert_eq!(again["read_at"], "2030-01-01T00:00:05.000000Z", "when it was read first");
        let listing = list(&ada).await;
        assert_eq!((&listing["unread_count"], &listing["items"][1]), (&json!(2), &again));
    }

    async fn everything_is_read_at_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.pay_all(&ada, 1..=3).await;
        app.pay_all(&bob, 4..=4).await;
        let sending = (0..20).map(|_| ada.client.post("/notifications/read-all", &Value::Null));
        let read: u64 = join_all(sending).await.iter().map(|reply| reply.expect(200)["read"].as_u64().unwrap()).sum();
        assert_eq!(read, 3, "each was unread once");
        assert_eq!(list(&ada).await["unread_count"], 0);
        assert_eq!(list(&bob).await["unread_count"], 1, "nobody else's");
    }

    async fn another_users_notification_is_not_there(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob, admin) = (app.sign_up("ada"), app.sign_up("bob"), app.admin());
        app.pay_all(&ada, 1..=1).await;
        let path = path_of(&list(&ada).await["items"][0]);
        for person in [&bob, &admin] {
            person.client.post(&path, &Value::Null).await.expect_error(404, "Notification not found");
            assert_eq!(list(person).await["items"], json!([]));
        }
        assert_eq!(list(&ada).await["unread_count"], 1);
        for id in ["ntf_0190c2a4-7c1e-7b3e-9c53-000000000000", "ntf_x", "0190c2a4-7c1e-7b3e-9c53-000000000000", "%00"] {
            let refused = ada.client.post(&format!("/notifications/{id}/read"), &Value::Null).await;
            assert!([400, 404].contains(&refused.status.as_u16()), "{id}");
        }
    }

    async fn a_list_comes_page_by_page_newest_first(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=5).await;
        let mut path = "/notifications?limit=2".to_owned();
        let mut seen = Vec::new();
        loop {
            let reply = ada.client.get(&path).await;
            let page = reply.expect(200);
            assert_eq!(page["unread_count"], 5);
            seen.extend(titles(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            assert_eq!(reply.header("link"), format!("<?limit=2&cursor={cursor}>; rel=\"next\""));
            // What is new does not move what is old.
            path = format!("/notifications?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, [5, 4, 3, 2, 1].map(|number| format!("Order {number} is paid")));
        for query in ["limit=0", "limit=101", "limit=x", "cursor=!", "cursor=YQ", "unread=1"] {
            assert_eq!(ada.client.get(&format!("/notifications?{query}")).await.expect(400)["code"], "invalid_query", "{query}");
        }
    }
}
