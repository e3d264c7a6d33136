//! Orders' public routes, one endpoint a file.

mod cancel_order;
mod create_order;
mod deliver_order;
mod get_order;
mod get_order_timeline;
mod list_all_orders;
mod list_orders;
mod refund_order;
mod set_shipping_address;
mod ship_order;
mod stream_order_events;
mod viewer;

use axum::Router;
use axum::extract::FromRef;
use kit_http::extract::Json;
use kit_http::{Etag, Guard, Handlers, HandlersError};
use kit_runtime::Stop;
use kit_token::Verifier;
use orders_api::OrderView;

use crate::domain::OrderDetails;
use crate::service::OrdersService;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct HttpState {
    pub(crate) service: OrdersService,
    /// Verifies the token of a stream again while it is open.
    pub(crate) verifier: Verifier,
    /// Ends streams.
    pub(crate) stop: Stop,
}

impl FromRef<HttpState> for OrdersService {
    fn from_ref(state: &HttpState) -> Self {
        state.service.clone()
    }
}

impl FromRef<HttpState> for Verifier {
    fn from_ref(state: &HttpState) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<HttpState> for Stop {
    fn from_ref(state: &HttpState) -> Self {
        state.stop.clone()
    }
}

/// One order, with its entity tag.
type OrderReply = (Etag, Json<OrderView>);

fn reply(details: OrderDetails) -> OrderReply {
    (Etag(details.order.revision), Json(details.into()))
}

pub(crate) fn router(state: HttpState, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(orders_api::routes(), guard)
        .on("create_order", create_order::create_order)
        .on("list_orders", list_orders::list_orders)
        .on("get_order", get_order::get_order)
        .on("get_order_timeline", get_order_timeline::get_order_timeline)
        .on("stream_order_events", stream_order_events::stream_order_events)
        .on("cancel_order", cancel_order::cancel_order)
        .on("set_shipping_address", set_shipping_address::set_shipping_address)
        .on("list_all_orders", list_all_orders::list_all_orders)
        .on("get_any_order", get_order::get_order)
        .on("ship_order", ship_order::ship_order)
        .on("deliver_order", deliver_order::deliver_order)
        .on("refund_order", refund_order::refund_order)
        .finish(state)
}
