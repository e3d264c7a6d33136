//! The JSON of what is counted from topic `orders`.

use std::collections::BTreeMap;

use kit_values::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How all orders stand that there ever were, and what they brought in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct OrderStats {
    /// Orders placed.
    pub total_orders: u64,
    /// How many there are in each state: `pending`, `confirmed`, `rejected`, `paid`, `shipped`, `delivered`,
    /// `cancelled` and `refunded`, all of them.
    pub by_status: BTreeMap<String, u64>,
    /// What they brought in, currency by currency: that of most paid orders first. Currencies in which nothing was
    /// paid are left out.
    pub revenue: Vec<CurrencyRevenue>,
}

/// What orders of one currency brought in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CurrencyRevenue {
    /// Orders that were paid, whatever became of them afterwards.
    pub orders_paid: u64,
    /// What was paid for them.
    pub paid: Money,
    /// What of it was paid back, by refunds and by cancelling.
    pub refunded: Money,
    /// What is left of it.
    pub net: Money,
}
