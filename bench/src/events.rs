//! Events: how long until what one service publishes has its committed effect in another's database, and how
//! fast a backlog is drained.
//!
//! A service that counts publishes; one that keeps a ledger listens in a group, and writes a row for each
//! event. Each has a database of its own, as everywhere in the platform, and the bus behaves as by default.
//! Both run in this process, as in `stoa up`. On PostgreSQL it is told too how it is when they do not: then
//! the listener hears of an event by the server's `NOTIFY`. And how it is when a broker carries the events.

mod backlog;
mod latency;
mod services;
mod transport;

use crate::effort::Effort;
use crate::events::transport::Kind;
use crate::folders::Folders;
use crate::report::Report;

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        for kind in Kind::ALL {
            latency::measure(kind, folders, effort, report).await?;
            // Who tells of a backlog makes no difference to it.
            if !matches!(kind, Kind::Notified) {
                backlog::measure(kind, folders, effort, report).await?;
            }
        }
        Ok(())
    })
}
