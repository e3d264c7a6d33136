//! `GET /invoices`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_service::Call;

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn list_invoices(
    State(subscriptions): State<SubscriptionsService>,
    call: Call,
    page: PageRequest,
) -> Result<Response, SubscriptionsFailure> {
    Ok(subscriptions.list_invoices(&call, &page).await?.reply(&page))
}
