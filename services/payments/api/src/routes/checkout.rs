//! Hosted checkout, and the pages of the sandbox.

use http::{Method, StatusCode};
use kit_http::{Access, Route};
use serde_json::json;

use crate::PaymentsRefusal;
use crate::types::{
    CheckoutDecided, CheckoutPage, CheckoutStatus, CheckoutView, DecideCheckout, OpenCheckout, PaymentStatus,
    SandboxEvent, WebhookReceived,
};

const CHECKOUT: &str = "Checkout";

pub(super) fn routes() -> Vec<Route> {
    vec![open(), page(), decide(), webhook()]
}

fn open() -> Route {
    let opened = json!({
        "checkout_url": "https://shop.example.com/api/checkout/kq3Yb1nU0x7T5m2c9R4w8Zs6d1fGhJ0aLpVtNyEoBiQ",
        "expires_at": "2030-01-01T00:30:00.000000Z",
    });
    let closed = PaymentsRefusal::PaymentClosed {
        status: PaymentStatus::Expired,
    };
    Route::new(
        Method::POST,
        "/payments/{id}/checkout",
        "open_checkout",
        Access::Holder,
    )
    .summary("Open a hosted checkout of a payment; it closes the one before")
    .optional_body::<OpenCheckout>(json!({ "return_url": "http://127.0.0.1:8080/orders" }))
    .answer::<CheckoutView>(StatusCode::OK, opened)
    .refuses(&closed)
    .refuses(&PaymentsRefusal::PaymentProcessing)
    .refuses(&PaymentsRefusal::TooManyAttempts)
    .not_found("Payment")
    .idempotent()
    .fail_closed()
    .strict()
}

fn page() -> Route {
    let open = json!({
        "status": "open", "amount": { "amount_minor": 1_250, "currency": "USD" }, "description": "Order 10001",
        "return_url": null, "expires_at": "2030-01-01T00:30:00.000000Z",
    });
    Route::new(Method::GET, "/checkout/{token}", "get_checkout", Access::Public)
        .summary("The page of a checkout of the sandbox; JSON where HTML is not asked for")
        .answer::<CheckoutPage>(StatusCode::OK, open)
        .not_found(CHECKOUT)
}

fn decide() -> Route {
    let closed = PaymentsRefusal::CheckoutClosed {
        status: CheckoutStatus::Expired,
    };
    Route::new(
        Method::POST,
        "/checkout/{token}",
        "decide_checkout",
        Access::Public,
    )
    .summary("Decide a checkout of the sandbox, as JSON or by the page's form, which is sent on with 303")
    .body::<DecideCheckout>(json!({ "action": "approve" }))
    .answer::<CheckoutDecided>(
        StatusCode::OK,
        json!({ "status": "succeeded", "return_url": null }),
    )
    .refuses(&closed)
    .not_found(CHECKOUT)
    .strict()
}

fn webhook() -> Route {
    let succeeded = json!({
        "type": "charge.succeeded", "timestamp": "2030-01-01T00:00:01.000000Z",
        "data": {
            "key": "pay_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8-1",
            "amount": { "amount_minor": 1_250, "currency": "USD" }, "reason": null,
        },
    });
    Route::new(
        Method::POST,
        "/webhooks/{provider}",
        "receive_webhook",
        Access::Public,
    )
    .summary("Receive a webhook of a payment provider, signed and written as the provider does")
    .body::<SandboxEvent>(succeeded)
    .answer::<WebhookReceived>(StatusCode::OK, json!({ "received": true }))
    .refuses(&PaymentsRefusal::BadSignature)
    .refuses(&PaymentsRefusal::BadWebhook)
    .not_found("Provider")
}
