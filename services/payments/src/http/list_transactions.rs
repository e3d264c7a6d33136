//! `GET /transactions/list` and `GET /transactions`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{ArrayPage, PageRequest};
use kit_http::{ApiError, Customer};

use super::error::refused;
use crate::service::PaymentsService;

pub(super) async fn list_transactions(
    Customer(caller): Customer,
    State(payments): State<PaymentsService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    let page = payments.list_transactions(caller.user_id, &request).await;
    Ok(ArrayPage(page.map_err(refused)?).reply(&request))
}
