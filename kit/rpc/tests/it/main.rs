//! Calls between services as their callers see them, and the pool of connections below.
#![expect(
    clippy::unwrap_used,
    reason = "what the fixtures need is there, or the test has failed"
)]

mod context;
mod contract;
mod edge;
mod ledger;
mod pool;
mod raw;
mod tls;
mod tracing;
