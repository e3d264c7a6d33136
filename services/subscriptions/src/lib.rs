//! Subscriptions, their invoices, and the services provisioned for them.
//!
//! A subscription has two state machines that share nothing but one word. Its money (`domain/billing.rs`) is paid, renewed,
//! reminded of and ended, by what payments say and by timers (`domain/timer.rs`); what it wants of the service is
//! `Wanted`. Its service (`domain/resource.rs`) follows that, whatever its adapter answers. Whoever changes either holds
//! the subscription's row, and writes its events and its next steps in the same transaction.
//!
//! What has to be asked for (that a payment be opened or given up, that an adapter provisions something) are rows of
//! `subscription_steps`, which a worker takes when they are due, as often as it needs to; no call is made in a transaction.
//!
//! An invoice is issued with its number in one transaction, and never changes but in how far it is. It is paid by a signed
//! callback, by an event of payments or because payments were asked, whichever comes first; the others find it paid. What
//! is paid for a void invoice payments give back, and it revives nothing.

mod adapters;
mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod service;
mod store;

pub use build::{build, service};
pub use config::SubscriptionsConfig;
