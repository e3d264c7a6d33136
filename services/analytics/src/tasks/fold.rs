//! Adding facts up, and letting a new generation take over.
//!
//! One at a time holds a generation, in whichever process; so counters have no contention however many write
//! facts. What is held is a row, not a lease: a process that dies in between has done nothing.
//!
//! A generation replaces the live one once it has everything of it, user by user and order by order, which a
//! standstill of the live one makes sure of (see `domain::standstill`). So no number that somebody saw goes back by
//! it, unless the older one had counted wrong.

use std::sync::Arc;
use std::time::Duration;

use kit_db::{Db, Reader, StoreError, Tx, WriteError};
use kit_runtime::{Clock, Stop, TaskError};

use super::GenerationSignals;
use crate::domain::{Sums, count_orders, stands_still};
use crate::store::{self, GenerationState};

/// Facts of each kind added up in a transaction at most.
const PAGE: u32 = 2_000;

/// How often to look for facts of a process that has ended.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// After a round with many facts, so that the next one finds many too. Where there are few nobody is kept waiting.
const BATCH_DELAY: Duration = Duration::from_millis(20);
const LARGE_BATCH: usize = 32;

/// The pause after the database could not be written.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Folder {
    db: Db,
    clock: Clock,
    signals: Arc<GenerationSignals>,
}

impl Folder {
    pub(crate) fn new(db: Db, clock: Clock, signals: Arc<GenerationSignals>) -> Self {
        Self { db, clock, signals }
    }

    pub(crate) async fn run(self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            match self.round().await {
                Ok(facts) if facts >= LARGE_BATCH => {
                    stop.sleep(BATCH_DELAY).await;
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "facts cannot be added up");
                    stop.sleep(PAUSE).await;
                    continue;
                }
            }
            tokio::select! {
                () = stop.requested() => {}
                () = self.signals.wait_for_facts() => {}
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
        Ok(())
    }

    /// A page of each generation, the newest first; how many facts.
    async fn round(&self) -> Result<usize, StoreError> {
        let mut done = 0;
        for generation in self.signals.newest_first() {
            let folded = self.fold(generation.number).await?;
            done += folded;
            if folded > 0 && generation.state == GenerationState::Live {
                self.signals.counts_changed();
            }
            let is_candidate = self.signals.candidate() == Some(generation.number);
            if is_candidate && self.replace_live(generation.number).await? {
                break;
            }
        }
        Ok(done)
    }

    /// Adds a page of facts up; how many.
    async fn fold(&self, generation: i64) -> Result<usize, StoreError> {
        let look = async move |reader: &mut Reader| store::any_fact(reader, generation).await;
        if !self.db.read(look).await? {
            return Ok(0);
        }
        let unit = async move |tx: &mut Tx| fold_page(tx, generation).await;
        self.db.write(unit).await.map_err(WriteError::flatten)
    }

    /// Shows a generation from now on if it has everything that is shown.
    async fn replace_live(&self, generation: i64) -> Result<bool, StoreError> {
        let known = self.signals.newest_first();
        let live = known.iter().find(|known| known.state == GenerationState::Live);
        let Some(live) = live.map(|live| live.number).filter(|live| *live < generation) else {
            return Ok(false);
        };
        // First where nobody waits for the answer.
        let look = async move |reader: &mut Reader| store::has_everything_of(reader, generation, live).await;
        if !self.db.read(look).await? {
            return Ok(false);
        }
        let now = self.clock.now();
        let unit = async move |tx: &mut Tx| {
            // In one order everywhere. Whoever else adds up waits.
            let held = (store::hold(tx, live).await?, store::hold(tx, generation).await?);
            let (Some(_), Some(_)) = held else {
                return Ok(false);
            };
            if !store::has_everything_of(tx, generation, live).await? {
                return Ok(false);
            }
            store::switch(tx, generation, now).await?;
            Ok::<_, StoreError>(true)
        };
        let is_replaced = self.db.write(unit).await.map_err(WriteError::flatten)?;
        if is_replaced {
            tracing::info!(generation, "the statistics are rebuilt, and shown from now on");
            let known = async |reader: &mut Reader| store::unretired(reader).await;
            self.signals.set_generations(self.db.read(known).await?);
            self.signals.set_candidate(None);
            self.signals.counts_changed();
        }
        Ok(is_replaced)
    }
}

async fn fold_page(tx: &mut Tx, generation: i64) -> Result<usize, StoreError> {
    let held = store::hold(tx, generation).await?;
    if held.is_none_or(|held| stands_still(held.standstill)) {
        return Ok(0);
    }
    Ok(fold_transactions(tx, generation).await? + fold_orders(tx, generation).await?)
}

async fn fold_transactions(tx: &mut Tx, generation: i64) -> Result<usize, StoreError> {
    let facts = store::take_facts(tx, generation, PAGE).await?;
    if facts.is_empty() {
        return Ok(0);
    }
    let count = facts.len();
    let mut sums = Sums::of(facts);
    let new = store::add_users(tx, generation, &sums).await?;
    let users = sums.welcome(&new);
    store::add_hours(tx, generation, &sums).await?;
    store::add_total(tx, generation, sums.total, users).await?;
    Ok(count)
}

async fn fold_orders(tx: &mut Tx, generation: i64) -> Result<usize, StoreError> {
    let facts = store::take_order_facts(tx, generation, PAGE).await?;
    if facts.is_empty() {
        return Ok(0);
    }
    let count = facts.len();
    let mut orders = store::orders_of(tx, generation, &facts).await?;
    let sums = count_orders(&mut orders, facts);
    store::put_orders(tx, generation, &orders).await?;
    store::add_order_sums(tx, generation, &sums).await?;
    Ok(count)
}
