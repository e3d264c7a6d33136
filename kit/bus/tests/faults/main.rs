//! Faults, where events are read from the outbox.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

use kit_db::Dialect;

/// Events are read from the outbox.
type BusFixture = kit_bus_testing::BusFixture;

const DIALECTS: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

#[path = "../../../bus-testing/scenarios/faults.rs"]
mod faults;
