//! The bus from outside, on both databases. Faults that are injected by name are in `tests/faults`, a process of
//! its own, since they are one set a process. What holds on every carrier is told in kit-bus-testing's scenarios.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share is written like the tests themselves"
)]

/// Events are read from the outbox.
type BusFixture = kit_bus_testing::BusFixture;

mod admin;
mod delivering;
mod ordering;
mod retention;
mod tracing;
mod waking;

#[path = "../../../bus-testing/scenarios/broadcasting.rs"]
mod broadcasting;
#[path = "../../../bus-testing/scenarios/crash.rs"]
mod crash;
#[path = "../../../bus-testing/scenarios/parking.rs"]
mod parking;
#[path = "../../../bus-testing/scenarios/sharing.rs"]
mod sharing;
#[path = "../../../bus-testing/scenarios/stopping.rs"]
mod stopping;
