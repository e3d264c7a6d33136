//! What an order is made of.

use kit_values::{Money, Quantity, Sku, Text, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// An order.
    pub struct OrderId("ord_");
}

typed_id! {
    /// A payment, as the service of payments names it. Declared here because orders keep it, and payments know orders.
    pub struct PaymentId("pay_");
}

typed_id! {
    /// A refund of an order, whole or in part.
    pub struct RefundId("rfd_");
}

/// An order's number as people say it, such as `10001`: decimal digits, without gaps.
pub type OrderNumber = Text<20, 1>;

/// What is ordered of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderItem {
    /// The SKU, as the catalog wrote it when the order was placed. No two items of an order have the same.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
    /// The price of one when the order was placed.
    pub unit_price: Money,
}

/// What is refunded of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RefundedItem {
    /// The SKU.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

/// A SKU of which there was not enough.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct StockShortage {
    /// The SKU.
    pub sku: Sku,
    /// How many were ordered.
    pub quantity: i64,
    /// How many there were.
    pub available: i64,
}

words! {
    /// Why an order was given up.
    pub enum CancelReason {
        /// Whoever placed it, or a member of the staff, asked for it.
        Requested = "requested",
        /// Nobody said in time whether there was enough of its items.
        StockTimeout = "stock_timeout",
        /// What was held for it is free again, because it was not paid in time.
        ReservationExpired = "reservation_expired",
        /// It was not paid in time.
        PaymentExpired = "payment_expired",
        /// Its payment failed for good.
        PaymentFailed = "payment_failed",
    }
}
