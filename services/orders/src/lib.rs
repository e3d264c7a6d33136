//! Orders, and the saga that carries them from the stock to the customer.
//!
//! An order is placed at the catalog's prices and waits (`pending`) until catalog has held its stock and payments have
//! opened its payment (`confirmed`), until it is paid, shipped and delivered; or it is rejected, cancelled or refunded.
//! The graph of that is one table (`domain/transition.rs`), and one function changes an order (`service/advancing.rs`):
//! under the order's row, as one conditional update, with its row of history, its event and its timer.
//!
//! Orders tell by events and are told by events: catalog reserves, releases and commits stock of its own accord when it
//! is told what became of an order, and payments cancel or refund. So a service that is away loses nothing. What orders
//! has to ask for (that a payment be opened, how one ended, that something be paid back) are rows of `order_steps`, which
//! a worker takes when they are due, as often as it needs to; no call is made in a transaction.
//!
//! A payment that is not heard of is not one that failed: an order is given up when payments say so, and what is paid
//! for an order that was given up, payments pay back. Nothing revives an order that is over.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod live;
mod service;
mod store;

pub use build::{build, service};
pub use config::OrdersConfig;
