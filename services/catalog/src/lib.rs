//! What is sold, and how many of it there are.
//!
//! A product stands in a category and is sold as variants, each with a SKU, a price and a stock. Nothing of it is
//! ever removed, because orders refer to it: products and categories are archived, variants taken out of their
//! product, and each keeps its SKU or slug.
//!
//! Stock is two counters for each SKU: on hand, and how many of those are reserved. Whoever changes them holds their
//! row until the commit, writes a movement beside them and tells `stock.changed`, all in one unit of work; a CHECK
//! stands behind `0 <= reserved <= on_hand`. The movements are numbered without gaps, and their sums are what the
//! counters say.
//!
//! An order has one reservation for ever: all its lines or none, added up by SKU, each by one conditional update in
//! the order of the SKUs. What comes twice, or too late, finds what the first has made of it and changes nothing; a
//! release that comes first leaves a mark. A sweeper frees what is held longer than its time to live. Orders ask for all
//! of it by the events of topic `orders`, and are answered by those of topic `stock` in the transaction of the effect;
//! the contract does the same for whoever wants an answer at once.
//!
//! What customers look at is kept in memory and in Redis, and never older than what the process was told
//! (`reads/mod.rs`).
//!
//! Words that are looked for are taken apart here and not by a database (`domain/words.rs`), so that a search finds
//! the same on both, and no sign in it means anything to either.

mod build;
mod command;
mod config;
mod consumers;
mod domain;
mod http;
mod pictures;
mod reads;
mod service;
mod store;
mod sweeper;

pub use build::{build, service};
pub use config::CatalogConfig;
