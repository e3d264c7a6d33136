//! `POST /transactions/pay`.

use kit_http::ApiError;
use kit_http::extract::{InTrace, Json};
use kit_rpc::CallContext;
use payments_api::TransactionsPaid;

use super::error::refused;
use super::payer::Payer;
use crate::service::PaymentsService;

pub(super) async fn pay_transactions(
    Payer(caller): Payer,
    InTrace(payments): InTrace<PaymentsService>,
    call: CallContext,
) -> Result<Json<TransactionsPaid>, ApiError> {
    let paid = payments.pay_transactions(caller.user_id, &call).await;
    paid.map(Json).map_err(refused)
}
