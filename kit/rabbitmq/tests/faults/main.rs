//! Faults, where a relay and a RabbitMQ carry events.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

use kit_db::Dialect;

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod support;

/// Events are relayed.
type BusFixture = kit_bus_testing::BusFixture<support::Rabbit>;

const DIALECTS: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

#[path = "../../../bus-testing/scenarios/faults.rs"]
mod faults;
#[path = "../../../bus-testing/scenarios/relay_faults.rs"]
mod relay_faults;
