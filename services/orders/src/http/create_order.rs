//! `POST /orders`.

use axum::extract::State;
use kit_http::extract::OptionalJson;
use kit_service::{Call, JsonAnswer};
use orders_api::{CreateOrder, OrderView};

use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn create_order(
    State(orders): State<OrdersService>,
    call: Call,
    OptionalJson(request): OptionalJson<CreateOrder>,
) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
    orders.create_order(&call, request).await
}
