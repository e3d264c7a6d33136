//! What holds for every route, read off the route table.

use kit_testing::{Examples, on_both_databases};
use notifications_api::routes;

use crate::app::{list, start, text};
use crate::mailbox::mail_to;

kit_testing::meta_tests! {
    routes = routes();
    start = start;
    table = [
        "GET / public, own port",
        "GET /notifications user",
        "POST /notifications/{id}/read user",
        "POST /notifications/read-all user",
        "GET /notifications/stream user",
        "GET /notifications/preferences user",
        "PUT /notifications/preferences user",
        "GET /mailbox admin",
        "GET /mailbox/{id} admin",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, mut examples) = (app.sign_up("ada"), Examples::of(routes()));
        app.auth_double.set_address(ada.identity.user_id, "ada@example.com");
        app.pay_all(&ada, 10_001..=10_001).await;
        let mail = mail_to(&app, "ada@example.com", 1).await.remove(0);
        examples.check(&ada.client, "notifications_health", "/").await;
        examples.check(&ada.client, "list_notifications", "/notifications").await;
        let id = text(&list(&ada).await["items"][0]["id"]);
        let (read, example) = examples.check(&ada.client, "read_notification", &format!("/notifications/{id}/read")).await;
        for member in ["kind", "title", "body"] {
            assert_eq!(read[member], example[member]);
        }
        examples.check(&ada.client, "read_all_notifications", "/notifications/read-all").await;
        for (operation, path) in [("get_preferences", "/notifications/preferences"), ("put_preferences", "/notifications/preferences")] {
            let (said, example) = examples.check(&ada.client, operation, path).await;
            assert_eq!(said, example);
        }
        let admin = app.admin();
        examples.check(&admin.client, "list_mail", "/mailbox").await;
        let (found, example) = examples.check(&admin.client, "get_mail", &format!("/mailbox/{}", text(&mail["id"]))).await;
        for member in ["from", "to", "subject"] {
            assert_eq!(found[member], example[member]);
        }
        assert_eq!(examples.untried(), ["stream_notifications"], "the stream has stories of its own");
    }
}
