//! `GET /admin/orders`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::FilteredPage;
use orders_api::OrderFilter;

use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn list_all_orders(
    State(orders): State<OrdersService>,
    FilteredPage { filter, page }: FilteredPage<OrderFilter>,
) -> Result<Response, OrdersFailure> {
    Ok(orders.list_all_orders(filter, &page).await?.reply(&page))
}
