//! Faults, where a relay and a Kafka carry events.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

use kit_db::Dialect;

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod support;

/// Events are relayed.
type BusFixture = kit_bus_testing::BusFixture<support::Kafka>;

/// What is the database's part of it differs by how positions are kept, and Kafka's are kept as a log's.
const DIALECTS: [Dialect; 1] = [Dialect::Postgres];

#[path = "../../../bus-testing/scenarios/faults.rs"]
mod faults;
#[path = "../../../bus-testing/scenarios/relay_faults.rs"]
mod relay_faults;
