//! `GET /payments`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_service::Call;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn list_payments(
    State(payments): State<PaymentsService>,
    call: Call,
    request: PageRequest,
) -> Result<Response, PaymentsFailure> {
    Ok(payments.list_payments(&call, &request).await?.reply(&request))
}
