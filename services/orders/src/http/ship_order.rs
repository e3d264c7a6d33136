//! `POST /admin/orders/{id}/ship`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use orders_api::{OrderId, Tracking};

use super::{OrderReply, reply};
use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn ship_order(
    State(orders): State<OrdersService>,
    call: Call,
    Path(id): Path<OrderId>,
    Json(tracking): Json<Tracking>,
) -> Result<OrderReply, OrdersFailure> {
    orders.ship_order(&call, id, tracking).await.map(reply)
}
