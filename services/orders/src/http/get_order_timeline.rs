//! `GET /orders/{id}/timeline`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{PageRequest, Path};
use kit_service::Call;
use orders_api::OrderId;

use crate::domain::Viewer;
use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn get_order_timeline(
    State(orders): State<OrdersService>,
    call: Call<Viewer>,
    Path(id): Path<OrderId>,
    page: PageRequest,
) -> Result<Response, OrdersFailure> {
    Ok(orders.timeline(&call, id, &page).await?.reply(&page))
}
