//! Events: how long until what one service publishes has its committed effect in another's database, and how
//! fast a backlog is drained.
//!
//! A service that counts publishes; one that keeps a ledger listens in a group, and writes a row for each
//! event. Each has a database of its own, as everywhere in the platform, and the bus behaves as by default.
//! Both run in this process, as in `stoa up`. On PostgreSQL it is told too how it is when they do not: then
//! the listener hears of an event by the server's `NOTIFY`.

mod backlog;
mod latency;
mod world;

use crate::effort::Effort;
use crate::events::world::{Home, Woken};
use crate::place::Place;
use crate::report::Report;

/// Measures.
pub(crate) fn run(place: &Place, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let sqlite = Home::on_sqlite(place)?;
        latency::measure("SQLite", (&sqlite, Woken::InProcess), effort, report).await?;
        backlog::measure("SQLite", &Home::on_sqlite(place)?, effort, report).await?;
        for (name, woken) in [
            ("PostgreSQL", Woken::InProcess),
            ("PostgreSQL, between processes", Woken::ByNotify),
        ] {
            let postgres = Home::on_postgres(place)?;
            latency::measure(name, (&postgres, woken), effort, report).await?;
        }
        backlog::measure("PostgreSQL", &Home::on_postgres(place)?, effort, report).await
    })
}
