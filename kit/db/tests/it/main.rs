//! The database layer from outside, on both databases. Faults that are injected by name are in `tests/faults`,
//! a process of its own, since they are one set a process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share is written like the tests themselves"
)]

mod cancelling;
mod crash;
mod folder;
mod idempotency;
mod migrations;
mod outbox;
mod postgres;
mod proxy;
mod read_db;
mod shop;
mod sqlite;
mod statements;
mod steps;
mod threads;
mod units;
