//! The cache from outside: who loads, what is kept, which version wins, and how other processes are heard.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests share is written like the tests themselves"
)]

mod any_order;
mod any_order_shared;
mod broadcasting;
mod coalescing;
mod fixture;
mod lifetime;
mod measuring;
mod outages;
mod peers;
mod process;
mod sharing;
mod together;
mod versions;
