//! Transactions: sums that a user owes and pays, up to a limit for each user, and the double-entry ledger
//! behind them.
//!
//! Whatever changes a user's transactions holds the user's row of `spending` until its commit. So the limit is
//! exact however many requests come at once, a user's transactions have one order, which is the order of their
//! events too, and nothing is paid twice or passed over by a payment. Users do not wait for each other.
//!
//! Each change posts to the ledger and tells its event in the same unit of work. Here is no payment provider:
//! paying a transaction takes its word for it.

mod build;
mod config;
mod domain;
mod http;
mod service;
mod store;

pub use build::{build, service};
pub use config::{LimitCounts, PaymentsConfig, TransactionLimit};
