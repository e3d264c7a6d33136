//! Payments of orders and invoices.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::PaymentsRefusal;
use crate::types::{PayRequest, PaymentStatus, PaymentView, PaymentsPaid};

const PAYMENT: &str = "Payment";
const ORDER: &str = "ord_0190c2a5-0f00-7d2c-8a4e-6b1f90d3c7e8";

pub(super) fn routes() -> Vec<Route> {
    vec![pay(), list(), get()]
}

fn pay() -> Route {
    let paid =
        json!({ "payments": [payment()], "amount_paid": { "amount_minor": 1_250, "currency": "USD" } });
    let declined = PaymentsRefusal::Declined {
        reason: "Your card was declined.".to_owned(),
    };
    let closed = PaymentsRefusal::PaymentClosed {
        status: PaymentStatus::Expired,
    };
    Route::new(Method::POST, "/pay", "pay", Access::Holder)
        .summary("Pay a payment, that of an order or an invoice, or everything that is owed; a guest the one that the token opens")
        .optional_body::<PayRequest>(json!({ "order_id": ORDER, "method": "4242424242424242" }))
        .answer::<PaymentsPaid>(StatusCode::OK, paid)
        .refuses(&declined)
        .refuses(&closed)
        .refuses(&PaymentsRefusal::MixedCurrencies)
        .refuses(&PaymentsRefusal::TooManyAttempts)
        .not_found(PAYMENT)
        .idempotent()
        .fail_closed()
        .strict()
}

fn list() -> Route {
    Route::new(Method::GET, "/payments", "list_payments", Access::User)
        .summary("List own payments, newest first")
        .query::<PageQuery>()
        .answer::<Page<PaymentView>>(
            StatusCode::OK,
            json!({ "items": [payment()], "next_cursor": null }),
        )
}

fn get() -> Route {
    Route::new(Method::GET, "/payments/{id}", "get_payment", Access::Holder)
        .summary("Get a payment")
        .answer::<PaymentView>(StatusCode::OK, payment())
        .not_found(PAYMENT)
}

pub(super) fn payment() -> Value {
    json!({
        "id": "pay_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8", "order_id": ORDER,
        "amount": { "amount_minor": 1_250, "currency": "USD" },
        "refunded": { "amount_minor": 0, "currency": "USD" },
        "status": "succeeded",
        "attempts": [{
            "number": 1, "provider": "sandbox", "status": "succeeded", "reason": null,
            "at": "2030-01-01T00:00:01.000000Z",
        }],
        "expires_at": "2030-01-01T00:30:00.000000Z", "created_at": "2030-01-01T00:00:00.000000Z",
    })
}
