//! `POST /orders`.

use axum::extract::State;
use kit_http::extract::OptionalJson;
use kit_service::{Call, JsonAnswer};
use orders_api::{OrderView, PlaceOrder};

use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn place_order(
    State(orders): State<OrdersService>,
    call: Call,
    OptionalJson(request): OptionalJson<PlaceOrder>,
) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
    orders.place_order(&call, request).await
}
