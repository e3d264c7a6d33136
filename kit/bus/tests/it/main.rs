//! The bus from outside, on both databases. Faults that are injected by name are in `tests/faults`, a process of
//! its own, since they are one set a process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share is written like the tests themselves"
)]

#[path = "../world/mod.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod world;

/// Events are read from the outbox.
const TRAVEL: world::Travel = world::Travel::Embedded;

mod admin;
mod broadcasting;
mod crash;
mod delivering;
mod ordering;
mod parking;
mod retention;
mod sharing;
mod tracing;
mod waking;
