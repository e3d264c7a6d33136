//! `GET /admin/ledger`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn list_ledger(
    State(payments): State<PaymentsService>,
    request: PageRequest,
) -> Result<Response, PaymentsFailure> {
    Ok(payments.list_ledger(&request).await?.reply(&request))
}
