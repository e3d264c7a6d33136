//! What holds for every route, read off the route table.

use kit_testing::{Examples, eventually, on_both_databases};
use notifications_api::routes;

use crate::app::{NotificationsApp, list, start, text};
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
        "POST /webhook-endpoints admin",
        "GET /webhook-endpoints admin",
        "GET /webhook-endpoints/{id} admin",
        "PATCH /webhook-endpoints/{id} admin",
        "DELETE /webhook-endpoints/{id} admin",
        "POST /webhook-endpoints/{id}/rotate-secret admin",
        "POST /webhook-endpoints/{id}/test admin",
        "GET /webhook-endpoints/{id}/deliveries admin",
        "GET /webhook-endpoints/{id}/deliveries/{delivery_id} admin",
        "POST /webhook-endpoints/{id}/deliveries/{delivery_id}/replay admin",
        "GET /webhook-endpoints/{id}/attempts admin",
        "POST /webhook-endpoints/{id}/replay admin",
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
        try_webhooks(&app, &mut examples).await;
        assert_eq!(examples.untried(), ["stream_notifications"], "the stream has stories of its own");
    }
}

async fn try_webhooks(app: &NotificationsApp, examples: &mut Examples) {
    let client = app.admin().client;
    let (made, _) = examples
        .check(&client, "create_webhook_endpoint", "/webhook-endpoints")
        .await;
    examples
        .check(&client, "list_webhook_endpoints", "/webhook-endpoints")
        .await;
    let one = format!("/webhook-endpoints/{}", text(&made["id"]));
    let (sent, _) = examples
        .check(&client, "test_webhook_endpoint", &format!("{one}/test"))
        .await;
    eventually("it was tried", async || {
        let attempts = client.get(&format!("{one}/attempts")).await.expect(200);
        (!attempts["items"][0].is_null()).then_some(())
    })
    .await;
    let delivery = format!("{one}/deliveries/{}", text(&sent["id"]));
    for (operation, path) in [
        ("get_webhook_endpoint", one.clone()),
        ("list_webhook_deliveries", format!("{one}/deliveries")),
        ("get_webhook_delivery", delivery.clone()),
        ("replay_webhook_delivery", format!("{delivery}/replay")),
        ("list_webhook_attempts", format!("{one}/attempts")),
        ("replay_webhooks", format!("{one}/replay")),
        ("rotate_webhook_secret", format!("{one}/rotate-secret")),
        ("update_webhook_endpoint", one.clone()),
        ("delete_webhook_endpoint", one.clone()),
    ] {
        examples.check(&client, operation, &path).await;
    }
}
