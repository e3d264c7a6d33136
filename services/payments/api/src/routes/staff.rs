//! Payments for staff.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use kit_values::{Currency, Money};
use serde_json::{Value, json};

use crate::types::{PaymentFilter, RefundRequest, StaffPaymentView};
use crate::{PaymentsRefusal, RefundView};

const PAYMENT: &str = "Payment";

pub(super) fn routes() -> Vec<Route> {
    vec![list(), get(), refund(), resolve()]
}

fn list() -> Route {
    let page = json!({ "items": [payment()], "next_cursor": null });
    Route::new(Method::GET, "/admin/payments", "list_all_payments", Access::Staff)
        .summary("List payments, newest first")
        .query::<PageQuery>()
        .query::<PaymentFilter>()
        .answer::<Page<StaffPaymentView>>(StatusCode::OK, page)
}

fn get() -> Route {
    Route::new(
        Method::GET,
        "/admin/payments/{id}",
        "get_any_payment",
        Access::Staff,
    )
    .summary("Get a payment with its refunds")
    .answer::<StaffPaymentView>(StatusCode::OK, payment())
    .not_found(PAYMENT)
}

fn refund() -> Route {
    let refunded = json!({
        "refund_id": "rfd_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8",
        "amount": { "amount_minor": 500, "currency": "USD" }, "status": "succeeded",
    });
    let most = Money::zero(Currency::USD);
    Route::new(
        Method::POST,
        "/admin/payments/{id}/refund",
        "refund_payment",
        Access::Staff,
    )
    .summary("Pay back what is held of a flagged payment, or what was paid, in whole or in part")
    .optional_body::<RefundRequest>(json!({ "amount": { "amount_minor": 500, "currency": "USD" } }))
    .answer::<RefundView>(StatusCode::OK, refunded)
    .refuses(&PaymentsRefusal::NotPaid)
    .refuses(&PaymentsRefusal::RefundExceedsPayment { most })
    .refuses(&PaymentsRefusal::HeldInWhole { held: most })
    .not_found(PAYMENT)
    .idempotent()
    .fail_closed()
    .strict()
}

fn resolve() -> Route {
    let held = Money::zero(Currency::USD);
    Route::new(
        Method::POST,
        "/admin/payments/{id}/resolve",
        "resolve_payment",
        Access::Staff,
    )
    .summary("Take the flag off a payment that somebody has looked at")
    .answer::<StaffPaymentView>(StatusCode::OK, payment())
    .refuses(&PaymentsRefusal::NotFlagged)
    .refuses(&PaymentsRefusal::HeldInWhole { held })
    .not_found(PAYMENT)
    .fail_closed()
    .strict()
}

fn payment() -> Value {
    let usd = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
    let mut payment = super::payments::payment();
    if let Some(members) = payment.as_object_mut() {
        let staff = json!({
            "user_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "description": "Order 10001",
            "captured": usd(1_250), "flag": null, "difference": null,
            "refunds": [{
                "id": "rfd_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8", "amount": usd(500), "status": "succeeded",
                "reason": null, "at": "2030-01-01T00:00:02.000000Z",
            }],
            "held": [],
        });
        members.insert("refunded".to_owned(), usd(500));
        members.extend(staff.as_object().cloned().unwrap_or_default());
    }
    payment
}
