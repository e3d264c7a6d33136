//! What is held of the stock for orders.

use kit_runtime::Timestamp;
use kit_values::{Quantity, Sku, words};
use orders_api::OrderId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// How far the reservation of an order is. From each status there is a way to those below it alone.
    pub enum ReservationStatus {
        /// All its lines are held.
        Reserved = "reserved",
        /// Nothing is held: there was not enough of at least one SKU.
        Rejected = "rejected",
        /// Nothing is held any more, or ever will be: the order was given up.
        Released = "released",
        /// Nothing is held any more: the time to live ran out.
        Expired = "expired",
        /// The order is paid, and its lines are not on hand any more.
        Committed = "committed",
        /// The order was given up after it was paid, and its lines are on hand again.
        Restocked = "restocked",
    }
}

words! {
    /// Why what was reserved is free again.
    pub enum ReleaseReason {
        /// The order was given up.
        Requested = "requested",
        /// The time to live ran out.
        Expired = "expired",
    }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OrderLine {
    /// The SKU that is ordered.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

/// A SKU of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ReservedItem {
    /// The SKU, as the catalog writes it where it knows it.
    pub sku: Sku,
    /// How many of it the order has, all lines together.
    pub quantity: i64,
    /// How many can be reserved afterwards; where the order was rejected, how many there were.
    pub available: i64,
}

/// What is held for an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ReservationView {
    /// The order.
    pub order_id: OrderId,
    /// How far it is.
    pub status: ReservationStatus,
    /// Its SKUs, by SKU; where it was rejected, those of which there was not enough. None where it was released
    /// before it was made.
    pub items: Vec<ReservedItem>,
    /// Until when it is held, where it was ever.
    pub expires_at: Option<Timestamp>,
}
