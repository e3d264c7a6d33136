//! What the statistics of orders change by.

use std::collections::BTreeMap;

use kit_runtime::Timestamp;
use kit_values::{Currency, words};

use super::super::counts::HOUR;
use super::super::span::{day_of, floor};
use super::bill::Bill;

words! {
    /// What is counted of orders by the hour.
    pub(crate) enum OrderMetric {
        /// Orders placed.
        Placed = "placed",
        /// Orders confirmed.
        Confirmed = "confirmed",
        /// Orders rejected.
        Rejected = "rejected",
        /// Orders paid.
        Paid = "paid",
        /// Orders cancelled.
        Cancelled = "cancelled",
        /// What was paid less what was paid back, in minor units.
        Revenue = "revenue",
        /// Orders placed in the hour that were confirmed, whenever.
        PlacedConfirmed = "placed_confirmed",
        /// Orders placed in the hour that were paid, whenever.
        PlacedPaid = "placed_paid",
    }
}

words! {
    /// What is counted of all orders: first how many are in each state.
    pub(crate) enum OrderTotal {
        /// In the state `pending`.
        Pending = "pending",
        /// In the state `confirmed`.
        Confirmed = "confirmed",
        /// In the state `rejected`.
        Rejected = "rejected",
        /// In the state `paid`.
        Paid = "paid",
        /// In the state `shipped`.
        Shipped = "shipped",
        /// In the state `delivered`.
        Delivered = "delivered",
        /// In the state `cancelled`.
        Cancelled = "cancelled",
        /// In the state `refunded`.
        Refunded = "refunded",
        /// Orders placed.
        Placed = "placed",
        /// Orders paid, in whichever state they are.
        PaidOrders = "paid_orders",
        /// What was paid, in minor units.
        PaidMinor = "paid_minor",
        /// What of it was paid back, in minor units.
        RefundedMinor = "refunded_minor",
    }
}

impl OrderTotal {
    /// How many of them are states.
    const STATES: usize = 8;

    /// All states.
    pub(crate) fn states() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().take(Self::STATES)
    }
}

/// How many were sold, and for how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sold {
    pub(crate) units: i64,
    pub(crate) revenue_minor: i64,
}

/// What some facts change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OrderSums {
    /// Facts that were counted; those of versions known before are not.
    pub(crate) events: i64,
    /// By the start of the hour.
    pub(crate) hours: BTreeMap<(OrderMetric, Timestamp, Currency), i64>,
    pub(crate) totals: BTreeMap<(OrderTotal, Currency), i64>,
    /// By the start of the day and SKU.
    pub(crate) products: BTreeMap<(Timestamp, String, Currency), Sold>,
}

impl OrderSums {
    pub(super) fn add_to_hour(
        &mut self,
        metric: OrderMetric,
        (at, currency): (Timestamp, Currency),
        add: i64,
    ) {
        *self.hours.entry((metric, floor(at, HOUR), currency)).or_default() += add;
    }

    pub(super) fn add_to_total(&mut self, total: OrderTotal, currency: Currency, add: i64) {
        *self.totals.entry((total, currency)).or_default() += add;
    }

    /// Adds what was paid, so many times.
    pub(super) fn add_paid(&mut self, bill: &Bill, (at, currency): (Timestamp, Currency), times: i64) {
        self.add_to_total(OrderTotal::PaidMinor, currency, bill.amount_minor * times);
        self.add_revenue(bill, (at, currency), times);
    }

    /// Adds what was paid back, so many times.
    pub(super) fn add_paid_back(&mut self, bill: &Bill, (at, currency): (Timestamp, Currency), times: i64) {
        self.add_to_total(OrderTotal::RefundedMinor, currency, bill.amount_minor * times);
        self.add_revenue(bill, (at, currency), -times);
    }

    fn add_revenue(&mut self, bill: &Bill, (at, currency): (Timestamp, Currency), times: i64) {
        self.add_to_hour(OrderMetric::Revenue, (at, currency), bill.amount_minor * times);
        for line in &bill.lines {
            let key = (day_of(at), line.sku.as_str().to_owned(), currency);
            let sold = self.products.entry(key).or_default();
            sold.units += line.quantity * times;
            sold.revenue_minor += line.quantity * line.price_minor * times;
        }
    }

    /// Without what does not change.
    pub(super) fn without_zeros(mut self) -> Self {
        self.hours.retain(|_, add| *add != 0);
        self.totals.retain(|_, add| *add != 0);
        self.products.retain(|_, sold| *sold != Sold::default());
        self
    }
}
