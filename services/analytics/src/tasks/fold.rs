//! Adding facts up, and letting a new generation take over.
//!
//! One at a time holds a generation, in whichever process; so counters have no contention however many write
//! facts. What is held is a row, not a lease: a process that dies in between has done nothing.
//!
//! Where a generation is to replace the live one, its facts are added up first, and those of the live one are
//! held back for up to a second. So what is shown stands still for a moment, and the newer one, which is only
//! moments behind in its reading, comes to have everything of it even under load. Then it is shown instead: no
//! number that somebody saw ever goes back by it, unless the older one had counted wrong.

use std::sync::Arc;
use std::time::Duration;

use kit_db::{Db, Reader, StoreError, Tx, WriteError};
use kit_runtime::{Clock, Stop, TaskError};
use tokio::time::Instant;

use super::Board;
use crate::domain::Sums;
use crate::store::{self, GenerationState};

/// Facts added up in a transaction at most.
const PAGE: u32 = 2_000;

/// How often to look for facts of a process that has ended.
const LOOK: Duration = Duration::from_secs(1);

/// After a round with facts, so that the next one finds some more of them.
const GATHERING: Duration = Duration::from_millis(20);

/// The pause after the database could not be written.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the live generation stands still at most.
const STANDSTILL: Duration = Duration::from_secs(1);

pub(crate) struct Folder {
    db: Db,
    clock: Clock,
    board: Arc<Board>,
    /// When the live generation was last added up.
    live_at: Instant,
}

impl Folder {
    pub(crate) fn new(db: Db, clock: Clock, board: Arc<Board>) -> Self {
        Self {
            db,
            clock,
            board,
            live_at: Instant::now(),
        }
    }

    pub(crate) async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let wait = match self.round().await {
                Ok(0) => LOOK,
                Ok(_) => {
                    stop.sleep(GATHERING).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "facts cannot be added up");
                    stop.sleep(PAUSE).await;
                    continue;
                }
            };
            tokio::select! {
                () = stop.requested() => {}
                () = self.board.wait_for_facts() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    /// A page of each generation, the newest first; how many facts, or that there is something left to do.
    async fn round(&mut self) -> Result<usize, StoreError> {
        let mut done = 0;
        for (generation, state) in self.board.newest_first() {
            if state == GenerationState::Live && self.stands_still() {
                done += 1;
                continue;
            }
            if state == GenerationState::Live {
                self.live_at = Instant::now();
            }
            let folded = self.fold(generation).await?;
            if folded > 0 && state == GenerationState::Live {
                self.board.counts_changed();
            }
            done += folded;
            if self.board.ready() == Some(generation) && self.replace_live(generation).await? {
                break;
            }
        }
        Ok(done)
    }

    fn stands_still(&self) -> bool {
        self.board.ready().is_some() && self.live_at.elapsed() < STANDSTILL
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
        let known = self.board.newest_first();
        let live = known.iter().find(|(_, state)| *state == GenerationState::Live);
        let Some((live, _)) = live.copied().filter(|(live, _)| *live < generation) else {
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
            let held = store::hold(tx, live).await? && store::hold(tx, generation).await?;
            if !held || !store::has_everything_of(tx, generation, live).await? {
                return Ok(false);
            }
            store::switch(tx, generation, now).await?;
            Ok::<_, StoreError>(true)
        };
        let is_replaced = self.db.write(unit).await.map_err(WriteError::flatten)?;
        if is_replaced {
            tracing::info!(generation, "the statistics are rebuilt, and shown from now on");
            let known = async |reader: &mut Reader| store::unretired(reader).await;
            self.board.learn(self.db.read(known).await?);
            self.board.counts_changed();
        }
        Ok(is_replaced)
    }
}

async fn fold_page(tx: &mut Tx, generation: i64) -> Result<usize, StoreError> {
    if !store::hold(tx, generation).await? {
        return Ok(0);
    }
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
