//! `POST /transactions`.

use http::StatusCode;
use kit_http::ApiError;
use kit_http::extract::{InTrace, Json};
use kit_rpc::CallContext;
use payments_api::{CreateTransaction, TransactionView};

use super::error::refused;
use super::payer::Payer;
use crate::service::PaymentsService;

pub(super) async fn create_transaction(
    Payer(caller): Payer,
    InTrace(payments): InTrace<PaymentsService>,
    call: CallContext,
    Json(request): Json<CreateTransaction>,
) -> Result<(StatusCode, Json<TransactionView>), ApiError> {
    let created = payments.create_transaction(caller.user_id, request, &call).await;
    created
        .map(|transaction| (StatusCode::CREATED, Json(transaction)))
        .map_err(refused)
}
