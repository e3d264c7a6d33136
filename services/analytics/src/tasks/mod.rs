//! What analytics does of its own accord: adds facts up, builds and replaces generations, tells live streams, and
//! removes what is over.

mod fold;
mod live;
mod rebuild;
mod signals;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use kit_bus::Bus;
use kit_db::Db;
use kit_runtime::{Clock, Tasks};

pub(crate) use live::{Live, LiveSubscription};
pub(crate) use rebuild::begin_unretired;
pub(crate) use signals::GenerationSignals;

use fold::Folder;
use rebuild::Builder;
use sweep::Sweeper;

/// What the tasks need.
#[derive(Clone)]
pub(crate) struct TaskDeps {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) signals: Arc<GenerationSignals>,
    pub(crate) live: Live,
    /// How long it is kept what visitors did.
    pub(crate) behaviour_kept: Duration,
}

/// Starts them all.
pub(crate) fn start(tasks: &Tasks, deps: &TaskDeps) {
    let folding = deps.clone();
    tasks.supervise("analytics.fold", move |stop| {
        let folder = Folder::new(folding.db.clone(), folding.clock.clone(), folding.signals.clone());
        async move { folder.run(&stop).await }
    });
    let building = deps.clone();
    tasks.supervise("analytics.generations", move |stop| {
        let builder = Builder::new(
            building.db.clone(),
            building.bus.clone(),
            building.signals.clone(),
        );
        async move { builder.run(&stop).await }
    });
    let watching = deps.clone();
    tasks.supervise("analytics.live", move |stop| {
        let (live, db, signals) = (
            watching.live.clone(),
            watching.db.clone(),
            watching.signals.clone(),
        );
        async move { live.run(&db, &signals, &stop).await }
    });
    let sweeping = deps.clone();
    tasks.supervise("analytics.sweep", move |stop| {
        let sweeper = Sweeper {
            db: sweeping.db.clone(),
            clock: sweeping.clock.clone(),
            signals: sweeping.signals.clone(),
            behaviour_kept: sweeping.behaviour_kept,
        };
        async move { sweeper.run(&stop).await }
    });
}
