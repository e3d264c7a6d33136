//! An order, as its owner and staff see it.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, Quantity, Sku, Text, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OrderId, OrderNumber, PaymentId, RefundId, StockShortage};

words! {
    /// How far an order is.
    pub enum OrderStatus {
        /// It was placed; its stock is not held yet, or its payment not open.
        Pending = "pending",
        /// Its stock is held, and it can be paid.
        Confirmed = "confirmed",
        /// There was not enough of its items.
        Rejected = "rejected",
        /// It is paid.
        Paid = "paid",
        /// It is on its way.
        Shipped = "shipped",
        /// It has arrived.
        Delivered = "delivered",
        /// It was given up before it was shipped; what was paid is paid back.
        Cancelled = "cancelled",
        /// Everything that was paid was paid back by refunds.
        Refunded = "refunded",
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderView {
    /// The identifier of the order.
    pub id: OrderId,
    /// Its number, as people say it.
    pub number: OrderNumber,
    /// The user whose it is; none where it is a guest's.
    pub user_id: Option<UserId>,
    /// The address of the guest who placed it. A user's is that of the account.
    pub email: Option<String>,
    /// How far it is.
    pub status: OrderStatus,
    /// What is ordered, by SKU.
    pub items: Vec<OrderItemView>,
    /// What all its items come to.
    pub total: Money,
    /// How much was paid back.
    pub refunded: Money,
    /// The payment by which it is paid, from `confirmed` on.
    pub payment_id: Option<PaymentId>,
    /// Where it is sent.
    pub shipping_address: Option<ShippingAddress>,
    /// What the buyer wrote with it.
    pub note: Option<String>,
    /// Why it was rejected or cancelled.
    pub reason: Option<String>,
    /// Of which SKUs there was not enough, where it was rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortages: Vec<StockShortage>,
    /// By what it is sent, from `shipped` on.
    pub tracking: Option<Tracking>,
    /// Its refunds, the first one first, those that are under way too.
    pub refunds: Vec<OrderRefundView>,
    /// When it was placed (UTC).
    pub created_at: Timestamp,
    /// When it changed last (UTC).
    pub updated_at: Timestamp,
}

/// An order that was just placed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PlacedOrder {
    /// The order.
    #[serde(flatten)]
    pub order: OrderView,
    /// By what a guest comes back to the order, its events and its payment (`Authorization: Bearer`). It is shown with
    /// this answer only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_access_token: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderItemView {
    /// The SKU, as the catalog wrote it when the order was placed.
    pub sku: Sku,
    /// What the product was called when the order was placed.
    pub name: String,
    /// How many of it.
    pub quantity: Quantity,
    /// The price of one when the order was placed.
    pub unit_price: Money,
    /// What all of them come to.
    pub line_total: Money,
    /// How many of them were refunded, by line or with the whole order.
    pub refunded_quantity: i64,
}

/// Where an order is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingAddress {
    /// Whose address it is.
    pub name: Text<200, 1>,
    /// Street and number.
    pub line1: Text<200, 1>,
    /// What else finds the door.
    #[serde(default)]
    pub line2: Option<Text<200>>,
    /// The city.
    pub city: Text<100, 1>,
    /// The postal code, where there are such.
    #[serde(default)]
    pub postal_code: Option<Text<20>>,
    /// State, province or canton, where it is needed.
    #[serde(default)]
    pub region: Option<Text<100>>,
    /// The country, two letters (ISO 3166-1).
    pub country: Text<2, 2>,
}

/// By what an order is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracking {
    /// Who carries it.
    pub carrier: Text<100, 1>,
    /// The number by which the carrier knows it.
    pub tracking_number: Text<100, 1>,
}

words! {
    /// How far a refund is.
    pub enum OrderRefundStatus {
        /// It is under way.
        Pending = "pending",
        /// The amount was paid back.
        Succeeded = "succeeded",
        /// It was refused for good; the amount can be refunded anew.
        Failed = "failed",
    }
}

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderRefundView {
    /// The identifier of the refund.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: OrderRefundStatus,
    /// When it was asked for (UTC).
    pub created_at: Timestamp,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TimelineItem {
    /// The order's version: 1 when it was placed, and one more each time.
    pub version: i64,
    /// How far the order was afterwards.
    pub status: OrderStatus,
    /// When (UTC).
    pub at: Timestamp,
    /// Why it was rejected or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who carries it, where it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The number by which the carrier knows it, where it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// How much was paid back, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Who did it: a user, `guest`, or a service of its own accord. Only staff see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}
