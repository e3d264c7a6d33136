//! Subscriptions' public routes.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, ApiRefusal, Route, RouteTable};
use kit_values::{Currency, Money};
use serde_json::{Value, json};

use crate::{
    AdapterView, CallbackQuery, CallbackReceived, CancelSubscription, CheckoutInvoice, InvoiceCallback,
    InvoiceCheckout, InvoiceStatus, InvoiceView, SubscriptionFilter, SubscriptionStatus, SubscriptionView,
    SubscriptionsRefusal,
};

const DISPLAY: &str = SubscriptionsRefusal::SERVICE;

const SUBSCRIPTION: &str = "sub_0199f3a5-4e10-7c4e-b3f8-61a90e7d24c5";
const INVOICE: &str = "inv_0199f3a5-4e11-7b0a-8c3e-5f7a9b1d3e60";
const USER: &str = "0199f3a0-8b1c-7e34-9d5a-2f6bc8d0e1f2";
const PAYMENT: &str = "pay_0199f3a3-77a1-7d20-9b1f-04c2e8d65a31";

/// Everything subscriptions serves.
pub fn routes() -> RouteTable {
    let routes = vec![
        Route::health("/", "subscriptions_health", DISPLAY),
        list(),
        get(),
        cancel(),
        resume(),
        list_invoices(),
        get_invoice(),
        checkout(),
        callback(),
        list_all(),
        list_adapters(),
    ];
    RouteTable::new("subscriptions", routes).display(DISPLAY)
}

fn list() -> Route {
    Route::new(Method::GET, "/subscriptions", "list_subscriptions", Access::User)
        .summary("List one's subscriptions, newest first")
        .query::<PageQuery>()
        .answer::<Page<SubscriptionView>>(StatusCode::OK, page(&subscription(false)))
}

fn get() -> Route {
    Route::new(
        Method::GET,
        "/subscriptions/{id}",
        "get_subscription",
        Access::Own,
    )
    .summary("Get a subscription")
    .answer::<SubscriptionView>(StatusCode::OK, subscription(false))
    .not_found("Subscription")
}

fn cancel() -> Route {
    Route::new(
        Method::POST,
        "/subscriptions/{id}/cancel",
        "cancel_subscription",
        Access::Own,
    )
    .summary("Give a subscription up, now or with the period that is paid; again changes nothing")
    .body::<CancelSubscription>(json!({ "at_period_end": true }))
    .answer::<SubscriptionView>(StatusCode::OK, subscription(true))
    .refuses(&SubscriptionsRefusal::NotCancellable {
        status: SubscriptionStatus::Expired,
    })
    .not_found("Subscription")
    .idempotent()
    .fail_closed()
}

fn resume() -> Route {
    Route::new(
        Method::POST,
        "/subscriptions/{id}/resume",
        "resume_subscription",
        Access::Own,
    )
    .summary("Let a subscription go on that was to end with its period; again changes nothing")
    .answer::<SubscriptionView>(StatusCode::OK, subscription(false))
    .refuses(&SubscriptionsRefusal::NotResumable {
        status: SubscriptionStatus::Cancelled,
    })
    .not_found("Subscription")
    .idempotent()
    .fail_closed()
}

fn list_invoices() -> Route {
    Route::new(Method::GET, "/invoices", "list_invoices", Access::User)
        .summary("List one's invoices, newest first")
        .query::<PageQuery>()
        .answer::<Page<InvoiceView>>(StatusCode::OK, page(&invoice()))
}

fn get_invoice() -> Route {
    Route::new(Method::GET, "/invoices/{id}", "get_invoice", Access::Own)
        .summary("Get an invoice; a page to print where `Accept` names HTML")
        .answer::<InvoiceView>(StatusCode::OK, invoice())
        .not_found("Invoice")
}

fn checkout() -> Route {
    let opened = json!({
        "checkout_url": "https://shop.example.com/api/checkout/kq3Yb1nU0x7T5m2c9R4w8Zs6d1fGhJ0aLpVtNyEoBiQ",
        "expires_at": "2030-01-01T00:30:00.000000Z",
    });
    Route::new(
        Method::POST,
        "/invoices/{id}/checkout",
        "checkout_invoice",
        Access::Own,
    )
    .summary("Open a hosted checkout of an invoice; it closes the one before")
    .optional_body::<CheckoutInvoice>(json!({ "return_url": "http://127.0.0.1:8080/subscriptions" }))
    .answer::<InvoiceCheckout>(StatusCode::OK, opened)
    .refuses(&SubscriptionsRefusal::InvoiceClosed {
        status: InvoiceStatus::Paid,
    })
    .refuses(&SubscriptionsRefusal::PaymentEnded)
    .refuses(&SubscriptionsRefusal::PaymentProcessing)
    .not_found("Invoice")
    .idempotent()
    .fail_closed()
    .strict()
}

fn callback() -> Route {
    let paid = json!({
        "type": "payment.succeeded", "timestamp": "2030-01-01T00:00:01.000000Z",
        "data": {
            "payment_id": PAYMENT, "invoice_id": INVOICE,
            "amount": { "amount_minor": 499, "currency": "USD" },
        },
    });
    Route::new(
        Method::POST,
        "/invoices/{id}/callback",
        "receive_invoice_callback",
        Access::Public,
    )
    .summary("Receive that an invoice is paid, signed (Standard Webhooks); again changes nothing")
    .query::<CallbackQuery>()
    .body::<InvoiceCallback>(paid)
    .answer::<CallbackReceived>(StatusCode::OK, json!({ "received": true }))
    .refuses(&SubscriptionsRefusal::BadCallback)
    .refuses(&SubscriptionsRefusal::AmountDiffers {
        total: Money::zero(Currency::USD),
    })
}

fn list_all() -> Route {
    Route::new(
        Method::GET,
        "/admin/subscriptions",
        "list_all_subscriptions",
        Access::Admin,
    )
    .summary("List everybody's subscriptions, newest first")
    .query::<PageQuery>()
    .query::<SubscriptionFilter>()
    .answer::<Page<SubscriptionView>>(StatusCode::OK, page(&subscription(false)))
}

fn list_adapters() -> Route {
    let adapter = json!({ "name": "s3", "place": "here", "url": null, "health": "up", "reason": null });
    Route::new(Method::GET, "/admin/adapters", "list_adapters", Access::Admin)
        .summary("List the adapters, where they run, and whether they can be used")
        .answer::<Page<AdapterView>>(StatusCode::OK, page(&adapter))
}

fn page(item: &Value) -> Value {
    json!({ "items": [item], "next_cursor": null })
}

fn subscription(cancel_at_period_end: bool) -> Value {
    json!({
        "id": SUBSCRIPTION, "user_id": USER, "adapter": "s3", "sku": "S3-10GB", "status": "active",
        "current_period": { "start": "2030-01-01T00:00:00.000000Z", "end": "2030-02-01T00:00:00.000000Z" },
        "cancel_at_period_end": cancel_at_period_end, "provisioning": "active", "latest_invoice_id": INVOICE
    })
}

fn invoice() -> Value {
    let usd = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
    json!({
        "id": INVOICE, "number": "INV-000001", "status": "paid", "subscription_id": SUBSCRIPTION,
        "lines": [{
            "description": "Storage, 10 GB (S3-10GB), 30 days", "quantity": 1, "unit_price": usd(499),
            "amount": usd(499), "period": null
        }],
        "total": usd(499), "issued_at": "2030-01-01T00:00:00.000000Z",
        "due_at": "2030-01-01T23:00:00.000000Z", "paid_at": "2030-01-01T00:05:00.000000Z"
    })
}
