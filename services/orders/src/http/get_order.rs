//! `GET /orders/{id}`, and `GET /admin/orders/{id}` for staff.

use axum::extract::State;
use kit_http::extract::Path;
use kit_service::Call;
use orders_api::OrderId;

use super::{OrderReply, reply};
use crate::domain::Viewer;
use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn get_order(
    State(orders): State<OrdersService>,
    call: Call<Viewer>,
    Path(id): Path<OrderId>,
) -> Result<OrderReply, OrdersFailure> {
    orders.get_order(&call, id).await.map(reply)
}
