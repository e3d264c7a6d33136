//! `PUT /orders/{id}/shipping-address`.

use axum::extract::State;
use kit_http::IfMatch;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use orders_api::{OrderId, ShippingAddress};

use super::{OrderReply, reply};
use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn set_shipping_address(
    State(orders): State<OrdersService>,
    call: Call,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    Json(address): Json<ShippingAddress>,
) -> Result<OrderReply, OrdersFailure> {
    orders
        .set_shipping_address(&call, id, address, seen)
        .await
        .map(reply)
}
