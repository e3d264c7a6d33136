//! What one event of an order says.

use kit_runtime::Timestamp;
use kit_values::{Currency, Money};
use orders_api::OrderId;
use serde::{Deserialize, Serialize};

use super::super::counts::NotCounted;
use super::bill::{Bill, Refund, countable};
use super::sums::{OrderMetric, OrderTotal};

/// What one event says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct OrderFact {
    pub(crate) order_id: OrderId,
    /// 1 for the first event of an order, and one more with each.
    pub(crate) version: i64,
    pub(crate) step: OrderStep,
}

/// What became of an order at one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct OrderStep {
    pub(crate) at: Timestamp,
    /// Of all amounts in it.
    pub(crate) currency: Currency,
    pub(crate) change: OrderChange,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderChange {
    Created,
    Confirmed,
    Rejected,
    Paid(Bill),
    Cancelled,
    Shipped,
    Delivered,
    Refunded(Refund),
}

impl OrderFact {
    /// What became of an order at a version of it, checked as far as that can be done without the order.
    pub(crate) fn new(
        (order_id, version): (OrderId, i64),
        total: Money,
        at: Timestamp,
        change: OrderChange,
    ) -> Result<Self, NotCounted> {
        if version < 1 {
            return Err(NotCounted::Version);
        }
        countable(total.amount_minor)?;
        if let OrderChange::Refunded(refund) = &change {
            countable(refund.amount_minor)?;
        }
        let step = OrderStep {
            at,
            currency: total.currency,
            change,
        };
        Ok(Self {
            order_id,
            version,
            step,
        })
    }
}

impl OrderChange {
    /// What it is one more of.
    pub(super) fn metric(&self) -> Option<OrderMetric> {
        match self {
            Self::Created => Some(OrderMetric::Placed),
            Self::Confirmed => Some(OrderMetric::Confirmed),
            Self::Rejected => Some(OrderMetric::Rejected),
            Self::Paid(_) => Some(OrderMetric::Paid),
            Self::Cancelled => Some(OrderMetric::Cancelled),
            Self::Shipped | Self::Delivered | Self::Refunded(_) => None,
        }
    }

    /// The state in which the order is by it; none where it stays in the one before.
    pub(super) fn status(&self) -> Option<OrderTotal> {
        match self {
            Self::Created => Some(OrderTotal::Pending),
            Self::Confirmed => Some(OrderTotal::Confirmed),
            Self::Rejected => Some(OrderTotal::Rejected),
            Self::Paid(_) => Some(OrderTotal::Paid),
            Self::Cancelled => Some(OrderTotal::Cancelled),
            Self::Shipped => Some(OrderTotal::Shipped),
            Self::Delivered => Some(OrderTotal::Delivered),
            Self::Refunded(refund) => refund.is_whole.then_some(OrderTotal::Refunded),
        }
    }
}
