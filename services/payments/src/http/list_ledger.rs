//! `GET /admin/ledger`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_http::{ApiError, Customer};

use super::error::refused;
use crate::service::PaymentsService;

pub(super) async fn list_ledger(
    _: Customer,
    State(payments): State<PaymentsService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    let page = payments.list_ledger(&request).await.map_err(refused)?;
    Ok(page.reply(&request))
}
