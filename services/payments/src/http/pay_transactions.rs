//! `POST /transactions/pay`.

use axum::extract::State;
use kit_service::{Call, JsonAnswer};
use payments_api::TransactionsPaid;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn pay_transactions(
    State(payments): State<PaymentsService>,
    call: Call,
) -> Result<JsonAnswer<TransactionsPaid>, PaymentsFailure> {
    payments.pay_transactions(&call).await
}
