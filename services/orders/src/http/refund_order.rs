//! `POST /admin/orders/{id}/refund`.

use axum::extract::State;
use kit_http::extract::{OptionalJson, Path};
use kit_service::{Call, JsonAnswer};
use orders_api::{OrderId, OrderView, RefundOrder};

use crate::service::{OrdersFailure, OrdersService};

pub(super) async fn refund_order(
    State(orders): State<OrdersService>,
    call: Call,
    Path(id): Path<OrderId>,
    OptionalJson(request): OptionalJson<RefundOrder>,
) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
    orders.refund_order(&call, id, request).await
}
