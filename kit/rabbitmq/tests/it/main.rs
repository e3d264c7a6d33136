//! What holds on every carrier, of events that a relay and a RabbitMQ carry; and what holds here only. Needs the server
//! that `cargo xtask backends up` starts.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

#[path = "../support/mod.rs"]
mod support;

/// Events are relayed.
type BusFixture = kit_bus_testing::BusFixture<support::Rabbit>;

mod foreign;
mod interrupted;
mod joining;
mod relaying;
mod tls;

#[path = "../../../bus-testing/scenarios/broadcasting.rs"]
mod broadcasting;
#[path = "../../../bus-testing/scenarios/crash.rs"]
mod crash;
#[path = "../../../bus-testing/scenarios/parking.rs"]
mod parking;
#[path = "../../../bus-testing/scenarios/relays.rs"]
mod relays;
#[path = "../../../bus-testing/scenarios/stopping.rs"]
mod stopping;
