//! Payments of orders, transactions of users, and the double-entry ledger behind both.
//!
//! **Payments of orders.** An order has one payment for ever, opened by contract. It is paid by attempts, of which one is
//! under way at most. An attempt is written down before its provider is asked, under a key that both have for ever, and
//! no transaction is open meanwhile; whatever the provider says, at once or later and however often, goes through
//! `apply_provider_result`, which changes something once. A payment that has ended stays so: what its provider charges
//! too late is captured, since the provider has it, and paid back once. A janitor takes up what was left half-done.
//! Rows are held in one order: the order's, the payment's, and with that its attempts and refunds.
//!
//! **Transactions** are sums that a user owes and pays, up to a limit for each user. Whatever changes a user's
//! transactions holds the user's row of `spending` until its commit. So the limit is exact however many requests come at
//! once, a user's transactions have one order, which is the order of their events too, and nothing is paid twice or
//! passed over by a payment. Users do not wait for each other. Here is no payment provider: paying a transaction takes
//! its word for it.
//!
//! Each change posts to the ledger and publishes its event in the same unit of work.
//!
//! Points where tests inject faults (inert unless `fail/failpoints` is on): `payments::before-dispatch`,
//! `payments::before-charge`, `payments::after-charge-before-store`, `payments::before-refund`,
//! `payments::after-refund-before-store`, `payments::after-page-before-return`.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod janitor;
mod post;
mod provider;
mod service;
mod store;

pub use build::{build, service};
pub use config::{LimitCounts, PaymentsConfig, ProviderChoice, TransactionLimit};
