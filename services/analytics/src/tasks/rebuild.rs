//! Generations: starts the consumer of each one that is counted, ends and removes that of each one that is not any
//! more, and tells when a new one has read far enough to replace the live one.
//!
//! The table says which there are; every process looks at it, and starts what it does not count yet. So a
//! rebuild is begun by a row, from wherever. Whoever ends a consumer removes it too: the last process to do so
//! leaves nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kit_bus::{AdminError, Bus, BusError};
use kit_db::{Db, Reader, StoreError, Tx, WriteError};
use kit_runtime::{Stop, TaskError};
use tokio::time::Instant;

use super::GenerationSignals;
use crate::consumers;
use crate::domain::{Takeover, Target, next_standstill};
use crate::store::{self, GenerationState};

/// How often to look at the table.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// To count what a new generation has not read takes longer the more there is, so that is asked again after a
/// multiple of the time it took.
const BACKOFF_FACTOR: u32 = 20;

/// How many events a new generation may be behind when the live one begins to stand still for it.
const MAX_EVENTS_BEHIND: i64 = 20_000;

pub(crate) struct Builder {
    db: Db,
    bus: Bus,
    signals: Arc<GenerationSignals>,
    /// What each generation has to read before it can be shown.
    targets: BTreeMap<i64, Target>,
    /// Those that have.
    reached: BTreeSet<i64>,
    /// When to ask for it again.
    next_query_at: Instant,
    /// There may be something left of consumers that were ended.
    may_have_left: bool,
}

/// Starts whatever is counted and was not started here.
pub(crate) async fn begin_unretired(
    db: &Db,
    bus: &Bus,
    signals: &Arc<GenerationSignals>,
) -> Result<(), BeginError> {
    let known = async |reader: &mut Reader| store::unretired(reader).await;
    signals.set_generations(db.read(known).await?);
    for generation in signals.newest_first() {
        if !signals.has_consumer(generation.number) {
            let consumer = consumers::start(bus, generation.number, signals)?;
            signals.add_consumer(generation.number, consumer);
        }
    }
    Ok(())
}

/// Why generations cannot be counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl Builder {
    pub(crate) fn new(db: Db, bus: Bus, signals: Arc<GenerationSignals>) -> Self {
        Self {
            db,
            bus,
            signals,
            targets: BTreeMap::new(),
            reached: BTreeSet::new(),
            next_query_at: Instant::now(),
            may_have_left: true,
        }
    }

    pub(crate) async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            match self.poll().await {
                Ok(()) => {}
                Err(BeginError::Store(error)) => {
                    tracing::warn!(%error, "the generations cannot be looked at");
                }
                Err(BeginError::Bus(error)) => return Err(error.into()),
            }
            if let Err(error) = self.end_retired().await {
                tracing::warn!(%error, "the consumer of a retired generation cannot be removed");
            }
            stop.sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Ends and removes the consumers of generations that are not counted any more, those too that another process
    /// has left behind.
    async fn end_retired(&mut self) -> Result<(), AdminError> {
        self.may_have_left |= self.signals.stop_retired().await;
        if !self.may_have_left {
            return Ok(());
        }
        let admin = self.bus.admin();
        let consumers = admin.consumers().await?;
        let known = async |reader: &mut Reader| store::list(reader).await;
        for generation in self.db.read(known).await? {
            let consumer = consumers::consumer(generation.number);
            if generation.state == GenerationState::Retired && consumers.contains(&consumer) {
                admin.remove(&consumer).await?;
            }
        }
        self.may_have_left = false;
        Ok(())
    }

    async fn poll(&mut self) -> Result<(), BeginError> {
        begin_unretired(&self.db, &self.bus, &self.signals).await?;
        let known = self.signals.newest_first();
        let live = known.iter().find(|known| known.state == GenerationState::Live);
        // Those between the newest and the live one are overtaken before they are shown.
        let (Some(newest), Some(live)) = (known.first(), live) else {
            return Ok(());
        };
        let is_ready =
            newest.number > live.number && self.has_read_enough(newest.number, live.number).await?;
        self.signals.set_candidate(is_ready.then_some(newest.number));
        let is_close = newest.events() + MAX_EVENTS_BEHIND >= live.events();
        let takeover = if is_ready && is_close {
            Takeover::Possible
        } else {
            Takeover::NotYet
        };
        let (generation, from) = (live.number, live.standstill);
        let to = next_standstill(from, takeover);
        if to != from {
            let unit = async move |tx: &mut Tx| store::set_standstill(tx, generation, (from, to)).await;
            self.db.write(unit).await.map_err(WriteError::flatten)?;
        }
        Ok(())
    }

    /// Whether a new generation has read everything that the live one had when this was first asked.
    async fn has_read_enough(&mut self, new: i64, live: i64) -> Result<bool, StoreError> {
        if self.reached.contains(&new) {
            return Ok(true);
        }
        let asked = Instant::now();
        if asked < self.next_query_at {
            return Ok(false);
        }
        let lags = self.bus.admin().lag().await?;
        let target = self
            .targets
            .entry(new)
            .or_insert_with(|| Target::of(&lags, &consumers::consumer(live)));
        if target.is_reached(&lags, &consumers::consumer(new)) {
            self.reached.insert(new);
            return Ok(true);
        }
        self.next_query_at = asked + asked.elapsed() * BACKOFF_FACTOR;
        Ok(false)
    }
}
