//! Stock.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Sku, Text, words};
use orders_api::OrderId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest number on hand.
pub const MOST_ON_HAND: i64 = 1_000_000_000;

/// Why staff adjusted the stock, 1 to 200 characters.
pub type AdjustmentReason = Text<200, 1>;

/// The query of `GET /stock`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockFilter {
    /// A part of the SKU, in any case.
    pub q: Option<String>,
    /// Those of which less than this is available.
    pub below: Option<i64>,
}

/// The stock of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct StockView {
    /// The SKU, as the catalog writes it.
    pub sku: Sku,
    /// How many there are.
    pub on_hand: i64,
    /// How many of them are reserved for orders.
    pub reserved: i64,
    /// How many can be bought: on hand without those that are reserved.
    pub available: i64,
}

/// `PUT /stock/{sku}`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStock {
    /// How many there are, 0 to 1 000 000 000.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub on_hand: i64,
}

/// `POST /stock/{sku}/adjust`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// How many came, or how many went where it is less than 0; not 0.
    #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
    pub delta: i64,
    /// Why, in 1 to 200 characters.
    #[schemars(with = "AdjustmentReason")]
    pub reason: String,
}

words! {
    /// How it came to a change of stock.
    pub enum MovementKind {
        /// Staff counted what is on hand.
        Set = "set",
        /// Staff added or took away.
        Adjusted = "adjusted",
        /// An order was placed.
        Reserved = "reserved",
        /// An order was given up before it was paid.
        Released = "released",
        /// An order was not paid in time.
        Expired = "expired",
        /// An order was paid.
        Committed = "committed",
        /// An order was given up after it was paid.
        Restocked = "restocked",
    }
}

/// A change of the stock of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct MovementView {
    /// The number of the change: the first of a SKU is 1, the next 2.
    pub number: i64,
    /// How it came to it.
    pub kind: MovementKind,
    /// How many more are on hand; less than 0 where there are fewer.
    pub on_hand_delta: i64,
    /// How many more are reserved; less than 0 where there are fewer.
    pub reserved_delta: i64,
    /// How many are on hand after it.
    pub on_hand: i64,
    /// How many are reserved after it.
    pub reserved: i64,
    /// The words of who adjusted it.
    pub reason: Option<String>,
    /// The member of the staff who changed it.
    pub user_id: Option<UserId>,
    /// The order for which it was changed.
    pub order_id: Option<OrderId>,
    /// When (UTC).
    pub at: Timestamp,
}
