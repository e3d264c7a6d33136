//! `POST /orders/{id}/cancel`.

use axum::extract::State;
use kit_http::extract::Path;
use kit_service::{Call, JsonAnswer};
use orders_api::{OrderId, OrderView};

use crate::domain::Viewer;
use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn cancel_order(
    State(orders): State<OrdersService>,
    call: Call<Viewer>,
    Path(id): Path<OrderId>,
) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
    orders.cancel_order(&call, id).await
}
