//! What orders come to.
//!
//! Of each order it is kept what became of it, by version. Whatever it adds to the statistics follows from that
//! alone, and an event changes them by the difference that it makes. So it does not matter in which order events
//! come, and a version that comes again, from wherever, changes nothing.
//!
//! An order brings something in once it is paid, and never before: what was paid back of an order whose payment has
//! not been counted yet waits for it.

mod bill;
mod counted;
mod fact;
mod stats;
mod sums;

pub(crate) use bill::{Bill, Refund};
pub(crate) use counted::{CountedOrder, count_orders};
pub(crate) use fact::{OrderChange, OrderFact};
pub(crate) use stats::order_stats;
pub(crate) use sums::{OrderMetric, OrderSums, OrderTotal};
