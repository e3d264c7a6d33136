//! `GET /transactions/list` and `GET /transactions`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{ArrayPage, PageRequest};
use kit_service::Call;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn list_transactions(
    State(payments): State<PaymentsService>,
    call: Call,
    request: PageRequest,
) -> Result<Response, PaymentsFailure> {
    let page = payments.list_transactions(&call, &request).await?;
    Ok(ArrayPage(page).reply(&request))
}
