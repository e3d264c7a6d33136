//! Routes of webhooks: who gets them, what was sent, and sending it again.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::NotificationsRefusal;
use crate::types::{
    CreateWebhookEndpoint, ReplayWebhooks, RotateWebhookSecret, UpdateWebhookEndpoint, WebhookAttemptView,
    WebhookDeliveryDetails, WebhookDeliveryFilter, WebhookDeliveryView, WebhookEndpointView,
    WebhookEndpointWithSecret, WebhooksReplayed,
};

const ENDPOINT: &str = "whe_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const DELIVERY: &str = "whd_0190c2a4-9d20-7f11-8b62-4e7d1c0a5b3f";

const NO_ENDPOINT: &str = "Webhook endpoint";
const NO_DELIVERY: &str = "Webhook delivery";

pub(super) fn routes() -> Vec<Route> {
    vec![
        create(),
        list(),
        get(),
        update(),
        delete(),
        rotate_secret(),
        test(),
        list_deliveries(),
        get_delivery(),
        replay_delivery(),
        list_attempts(),
        replay(),
    ]
}

fn admin(method: Method, pattern: &'static str, operation: &'static str) -> Route {
    Route::new(method, pattern, operation, Access::Admin)
}

fn create() -> Route {
    let body = json!({
        "url": "https://shop.example.com/stoa", "events": ["order.paid", "order.cancelled"],
        "description": "the warehouse"
    });
    let mut made = endpoint();
    made["secret"] = json!(secret());
    admin(Method::POST, "/webhook-endpoints", "create_webhook_endpoint")
        .summary("Send webhooks to an address; the secret that signs them is shown this once")
        .body::<CreateWebhookEndpoint>(body)
        .answer::<WebhookEndpointWithSecret>(StatusCode::CREATED, made)
        .refuses(&NotificationsRefusal::WebhookUrlTaken)
        .refuses(&NotificationsRefusal::TooManyWebhookEndpoints { most: 50 })
}

fn list() -> Route {
    let listing = json!({ "items": [endpoint()], "next_cursor": null });
    admin(Method::GET, "/webhook-endpoints", "list_webhook_endpoints")
        .summary("List who gets webhooks, newest first")
        .query::<PageQuery>()
        .answer::<Page<WebhookEndpointView>>(StatusCode::OK, listing)
}

fn get() -> Route {
    admin(Method::GET, "/webhook-endpoints/{id}", "get_webhook_endpoint")
        .summary("Get an endpoint")
        .answer::<WebhookEndpointView>(StatusCode::OK, endpoint())
        .not_found(NO_ENDPOINT)
}

fn update() -> Route {
    let mut updated = endpoint();
    updated["events"] = json!(["*"]);
    admin(
        Method::PATCH,
        "/webhook-endpoints/{id}",
        "update_webhook_endpoint",
    )
    .summary("Change an endpoint, or enable or disable it; what is left out stays as it is")
    .body::<UpdateWebhookEndpoint>(json!({ "events": ["*"] }))
    .answer::<WebhookEndpointView>(StatusCode::OK, updated)
    .not_found(NO_ENDPOINT)
    .refuses(&NotificationsRefusal::WebhookUrlTaken)
}

fn delete() -> Route {
    admin(
        Method::DELETE,
        "/webhook-endpoints/{id}",
        "delete_webhook_endpoint",
    )
    .summary("Remove an endpoint with everything that was or is to be sent to it")
    .answer::<WebhookEndpointView>(StatusCode::OK, endpoint())
    .not_found(NO_ENDPOINT)
}

fn rotate_secret() -> Route {
    let mut rotated = endpoint();
    rotated["previous_secret_until"] = json!("2030-01-02T00:00:00.000000Z");
    rotated["secret"] = json!(secret());
    admin(
        Method::POST,
        "/webhook-endpoints/{id}/rotate-secret",
        "rotate_webhook_secret",
    )
    .summary("Sign with a new secret, which is shown this once, and for a while with the old one too")
    .optional_body::<RotateWebhookSecret>(json!({ "overlap_hours": 24 }))
    .answer::<WebhookEndpointWithSecret>(StatusCode::OK, rotated)
    .not_found(NO_ENDPOINT)
}

fn test() -> Route {
    let mut made = delivery();
    made["type"] = json!("webhook.test");
    admin(
        Method::POST,
        "/webhook-endpoints/{id}/test",
        "test_webhook_endpoint",
    )
    .summary("Send a webhook of type `webhook.test`")
    .answer::<WebhookDeliveryView>(StatusCode::ACCEPTED, made)
    .not_found(NO_ENDPOINT)
    .refuses(&NotificationsRefusal::WebhookEndpointDisabled)
}

fn list_deliveries() -> Route {
    let listing = json!({ "items": [delivered()], "next_cursor": null });
    admin(
        Method::GET,
        "/webhook-endpoints/{id}/deliveries",
        "list_webhook_deliveries",
    )
    .summary("List what was or is to be sent to an endpoint, newest first")
    .query::<WebhookDeliveryFilter>()
    .query::<PageQuery>()
    .answer::<Page<WebhookDeliveryView>>(StatusCode::OK, listing)
    .not_found(NO_ENDPOINT)
}

fn get_delivery() -> Route {
    let mut details = delivered();
    details["body"] = json!(
        "{\"type\":\"order.paid\",\"timestamp\":\"2030-01-01T00:00:00.000000Z\",\"data\":{\"order_id\":\"ord_…\"}}"
    );
    details["tried"] = json!([attempt()]);
    admin(
        Method::GET,
        "/webhook-endpoints/{id}/deliveries/{delivery_id}",
        "get_webhook_delivery",
    )
    .summary("Get a webhook with its body and attempts")
    .answer::<WebhookDeliveryDetails>(StatusCode::OK, details)
    .not_found(NO_DELIVERY)
}

fn replay_delivery() -> Route {
    let mut again = delivery();
    again["attempts"] = json!(1);
    admin(
        Method::POST,
        "/webhook-endpoints/{id}/deliveries/{delivery_id}/replay",
        "replay_webhook_delivery",
    )
    .summary("Send a webhook again, also one that was taken; its `webhook-id` stays the same")
    .answer::<WebhookDeliveryView>(StatusCode::ACCEPTED, again)
    .not_found(NO_DELIVERY)
    .refuses(&NotificationsRefusal::WebhookEndpointDisabled)
}

fn list_attempts() -> Route {
    let listing = json!({ "items": [attempt()], "next_cursor": null });
    admin(
        Method::GET,
        "/webhook-endpoints/{id}/attempts",
        "list_webhook_attempts",
    )
    .summary("List attempts to send something to an endpoint, newest first")
    .query::<PageQuery>()
    .answer::<Page<WebhookAttemptView>>(StatusCode::OK, listing)
    .not_found(NO_ENDPOINT)
}

fn replay() -> Route {
    admin(Method::POST, "/webhook-endpoints/{id}/replay", "replay_webhooks")
        .summary("Send again what failed since a moment, the oldest first")
        .body::<ReplayWebhooks>(json!({ "since": "2030-01-01T00:00:00.000000Z" }))
        .answer::<WebhooksReplayed>(StatusCode::ACCEPTED, json!({ "replayed": 0, "has_more": false }))
        .not_found(NO_ENDPOINT)
        .refuses(&NotificationsRefusal::WebhookEndpointDisabled)
}

/// A secret that nobody has, put together here so that no scanner takes it for one.
fn secret() -> String {
    ["whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].concat()
}

fn endpoint() -> Value {
    json!({
        "id": ENDPOINT, "url": "https://shop.example.com/stoa", "events": ["order.paid", "order.cancelled"],
        "description": "the warehouse", "status": "enabled", "disabled_reason": null, "disabled_at": null,
        "failing_since": null, "previous_secret_until": null, "created_at": "2030-01-01T00:00:00.000000Z",
        "updated_at": "2030-01-01T00:00:00.000000Z"
    })
}

fn delivery() -> Value {
    json!({
        "id": DELIVERY, "webhook_id": "evt_0190c2a4-11f0-7d2c-8a4e-6b1f90d3c7e8", "type": "order.paid",
        "state": "pending", "attempts": 0, "next_attempt_at": "2030-01-01T00:00:00.000000Z",
        "created_at": "2030-01-01T00:00:00.000000Z", "finished_at": null
    })
}

fn delivered() -> Value {
    let mut delivered = delivery();
    delivered["state"] = json!("delivered");
    delivered["attempts"] = json!(1);
    delivered["next_attempt_at"] = Value::Null;
    delivered["finished_at"] = json!("2030-01-01T00:00:00.100000Z");
    delivered
}

fn attempt() -> Value {
    json!({
        "delivery_id": DELIVERY, "number": 1, "at": "2030-01-01T00:00:00.000000Z", "duration_ms": 87,
        "status_code": 200, "error": null, "response": "ok"
    })
}
