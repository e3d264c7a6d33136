//! The mailbox, which is there where no mail server is.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::{eventually, on_both_databases};
use serde_json::Value;

use crate::app::{NotificationsApp, new_id, shipped, start, text};

/// Waits for so many mails to an address, the newest first.
pub(crate) async fn mail_to(app: &NotificationsApp, address: &str, count: usize) -> Vec<Value> {
    let admin = app.admin();
    let path = format!("/mailbox?limit=100&to={address}");
    let items = eventually(&format!("{count} mails to {address}"), async || {
        let found = admin.client.get(&path).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .clone();
        (found.len() == count).then_some(found)
    })
    .await;
    let mut mails = Vec::new();
    for item in &items {
        let path = format!("/mailbox/{}", text(&item["id"]));
        mails.push(admin.client.get(&path).await.expect(200));
    }
    mails
}

on_both_databases! {
    async fn mail_that_would_be_sent_is_in_the_mailbox(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "Ada@example.com");
        let order_id = new_id();
        app.orders.publish(shipped(order_id, ada.identity.user_id, app.now())).await;
        let mail = mail_to(&app, "ADA@example.com", 1).await.remove(0);
        assert_eq!(mail["to"], "Ada@example.com");
        assert_eq!(mail["from"], "Stoa <no-reply@localhost>");
        assert_eq!(mail["subject"], "Order 10001 is on its way");
        let link = format!("http://127.0.0.1:8080/orders/{order_id}");
        assert_eq!(text(&mail["text"]), format!("DHL brings it; the tracking number is 0034.\n\nSee your order:\n{link}\n"));
        // A slash may be written so in HTML.
        let link = link.replace('/', "&#x2f;");
        assert!(text(&mail["html"]).contains(&format!("<a href=\"{link}\" ")), "{mail}");
        assert!(text(&mail["message_id"]).starts_with("<msg_"), "{mail}");
        assert!(text(&mail["message_id"]).ends_with("@localhost>"), "{mail}");
    }

    async fn what_stands_in_an_order_is_no_html(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        let mut event = shipped(new_id(), ada.identity.user_id, app.now());
        event.carrier = "<script>alert(\"1\")</script> & {{ 7 * 7 }}".to_owned();
        app.orders.publish(event).await;
        let mail = mail_to(&app, "ada@example.com", 1).await.remove(0);
        let html = text(&mail["html"]);
        assert!(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;&#x2f;script&gt; &amp; {{ 7 * 7 }} brings it"), "{html}");
        assert!(text(&mail["text"]).starts_with("<script>alert(\"1\")</script> & {{ 7 * 7 }} brings it"), "{mail}");
    }

    async fn mail_is_listed_page_by_page_and_by_recipient(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob, admin) = (app.sign_up("ada"), app.sign_up("bob"), app.admin());
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.auth_double.set_address(bob.identity.user_id, "bob@example.com");
        for number in 1..=3_usize {
            app.pay(&ada, &number.to_string()).await;
            mail_to(&app, "ada@example.com", number).await;
        }
        app.pay(&bob, "4").await;
        mail_to(&app, "bob@example.com", 1).await;
        let subjects = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| text(&item["subject"])).collect::<Vec<_>>();
        let page = admin.client.get("/mailbox?limit=3").await.expect(200);
        assert_eq!(subjects(&page), [4, 3, 2].map(|number| format!("Order {number} is paid")));
        let cursor = text(&page["next_cursor"]);
        let rest = admin.client.get(&format!("/mailbox?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(subjects(&rest), ["Order 1 is paid"]);
        assert_eq!(admin.client.get("/mailbox?to=%25@example.com").await.expect(200)["items"], serde_json::json!([]));
        for query in ["to=%00", "cursor=YQ", "limit=0", "from=a"] {
            admin.client.get(&format!("/mailbox?{query}")).await.expect(400);
        }
        admin.client.get("/mailbox/mail_0190c2a4-7c1e-7b3e-9c53-000000000000").await.expect_error(404, "Mail not found");
    }
}
