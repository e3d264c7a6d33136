//! What other services may ask of orders.

use kit_rpc::CallError;
use serde::{Deserialize, Serialize};

use crate::{OrderId, OrderView, OrdersRefusal};

kit_rpc::contract! {
    /// What other services may ask of orders.
    pub trait Orders("orders"), client OrdersClient, error OrdersError {
        /// An order as staff see it: what events leave out, such as the address, stands here.
        query find_order(FindOrder) -> Option<OrderView>;
    }
}

/// Why orders did not do what another service asked.
pub type OrdersError = CallError<OrdersRefusal>;

/// Asks for an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindOrder {
    /// The order.
    pub order_id: OrderId,
}
