//! `POST /transactions`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::{Call, JsonAnswer};
use payments_api::{CreateTransaction, TransactionView};

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn create_transaction(
    State(payments): State<PaymentsService>,
    call: Call,
    Json(request): Json<CreateTransaction>,
) -> Result<JsonAnswer<TransactionView>, PaymentsFailure> {
    payments.create_transaction(&call, request).await
}
