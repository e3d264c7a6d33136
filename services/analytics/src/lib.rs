//! Statistics: what was counted of topics `transactions` and `orders`, and what visitors did in the shop.
//!
//! **Counts of events are exact.** An event's effect is one row, a fact, written in the transaction that notes
//! the event as done. Facts are added up into the tables that are asked, and removed, in another transaction.
//! So an event counts once, however often it is delivered and whichever process ends when; and the writers of
//! facts, of whom there are many at once, never wait for each other at a counter.
//!
//! **Orders count by their versions.** What became of an order is kept by version, and what it adds to the
//! statistics follows from that alone. So it does not matter in which order its events come, and a version counts
//! once even where it is published or replayed again.
//!
//! **They can be rebuilt.** What was counted belongs to a generation. [`Operator::rebuild`] begins a new one,
//! with a consumer of its own that reads the topics from their beginning. The live one is counted and shown
//! meanwhile, and is replaced in one transaction once the new one has everything it has, user by user and order by
//! order.
//!
//! **What visitors did** comes by `POST /track`, from users and from guests, and is kept as sums by the day: who
//! came how far, and which products were looked at, put into carts and ordered. Nothing else of it is kept.
//!
//! It deliberately does not count events of types that it does not know: kit-bus passes over them, and no
//! number here could say what they mean.

mod build;
mod command;
mod config;
mod consumers;
mod domain;
mod http;
mod operator;
mod service;
mod store;
mod tasks;

pub use build::{build, service};
pub use config::AnalyticsConfig;
pub use operator::{GenerationReport, Operator};
pub use store::GenerationState;
