//! `GET /orders`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;
use kit_service::Call;

use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn list_orders(
    State(orders): State<OrdersService>,
    call: Call,
    page: PageRequest,
) -> Result<Response, OrdersFailure> {
    Ok(orders.list_orders(&call, &page).await?.reply(&page))
}
