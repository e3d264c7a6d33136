//! What is counted and how, without database, clock or network.

mod behaviour;
mod counts;
mod orders;
mod ready;
mod series;
mod span;
mod standstill;

pub(crate) use behaviour::{Batch, ProductCounts, Visitor};
pub(crate) use counts::{Counts, Fact, HourCounts, NotCounted, Sums, UserKey, UserSum};
pub(crate) use orders::{
    Bill, CountedOrder, OrderChange, OrderFact, OrderMetric, OrderSums, OrderTotal, Refund, count_orders,
    order_stats,
};
pub(crate) use ready::Target;
pub(crate) use series::{Series, SeriesSource};
pub(crate) use span::{DaySpan, SpanError, day_of};
pub(crate) use standstill::{Takeover, next_standstill, stands_still};
