//! What clients send.

use kit_values::{EmailAddress, Money, Quantity, Sku, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OrderStatus, ShippingAddress};

/// How many lines an order has at most.
pub const MOST_LINES: usize = 200;

/// What a buyer writes with an order, at most 1000 characters.
pub type OrderNote = Text<1000>;

/// `POST /orders`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrder {
    /// Where a guest is told what becomes of the order; a guest must say it, and nobody else. A user's address is that of
    /// the account.
    #[serde(default)]
    pub email: Option<EmailAddress>,
    /// What is ordered, 1 to 200 lines; those of the same SKU are added up. Without it, what is in the cart.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub items: Option<Vec<PlacedLine>>,
    /// Where it is sent; may come later.
    #[serde(default)]
    pub shipping_address: Option<ShippingAddress>,
    /// What the buyer wants to say.
    #[serde(default)]
    pub note: Option<OrderNote>,
}

/// A line of an order that is placed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacedLine {
    /// The SKU.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

/// `POST /admin/orders/{id}/refund`: by line, or an amount, or neither, which is everything that is left.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// How many of which SKUs, each named once; their prices are paid back.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub lines: Option<Vec<RefundLine>>,
    /// How much, in the order's currency.
    #[serde(default)]
    pub amount: Option<Money>,
}

/// A line of an order that is refunded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// The SKU.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

/// The query of `GET /admin/orders`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderFilter {
    /// Those that are so far.
    pub status: Option<OrderStatus>,
    /// The order's number or identifier, its payment's or user's identifier, its tracking number, or the address of the
    /// guest who placed it or of the user whose it is, where that is confirmed.
    pub q: Option<String>,
}
