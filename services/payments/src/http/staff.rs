//! `GET /admin/payments`, `GET /admin/payments/{id}`, and what staff do with one: `/refund`, `/resolve`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{FilteredPage, Json, OptionalJson, Path};
use kit_service::{Call, JsonAnswer};
use orders_api::PaymentId;
use payments_api::{PaymentFilter, RefundRequest, RefundView, StaffPaymentView};

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn list_all_payments(
    State(payments): State<PaymentsService>,
    FilteredPage { filter, page }: FilteredPage<PaymentFilter>,
) -> Result<Response, PaymentsFailure> {
    Ok(payments.list_all_payments(filter, &page).await?.reply(&page))
}

pub(super) async fn get_any_payment(
    State(payments): State<PaymentsService>,
    Path(id): Path<PaymentId>,
) -> Result<Json<StaffPaymentView>, PaymentsFailure> {
    payments.get_any_payment(id).await.map(Json)
}

pub(super) async fn refund_payment(
    State(payments): State<PaymentsService>,
    call: Call,
    Path(id): Path<PaymentId>,
    OptionalJson(request): OptionalJson<RefundRequest>,
) -> Result<JsonAnswer<RefundView>, PaymentsFailure> {
    payments.refund_by_staff(&call, id, request).await
}

pub(super) async fn resolve_payment(
    State(payments): State<PaymentsService>,
    call: Call,
    Path(id): Path<PaymentId>,
) -> Result<Json<StaffPaymentView>, PaymentsFailure> {
    payments.resolve(&call, id).await.map(Json)
}
