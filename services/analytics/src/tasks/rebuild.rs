//! Generations: starts the consumer of each one that is counted, and tells when a new one has read far enough
//! to replace the live one.
//!
//! The table says which there are; every process looks at it, and starts what it does not count yet. So a
//! rebuild is begun by a row, from wherever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kit_bus::{Bus, BusError};
use kit_db::{Db, Reader, StoreError};
use kit_runtime::{Stop, TaskError};
use tokio::time::Instant;

use super::Board;
use crate::domain::Target;
use crate::hearing;
use crate::store::{self, GenerationState};

/// How often to look at the table.
const LOOK: Duration = Duration::from_secs(1);

/// How often to ask how far a new generation is. To count what it has not read takes longer the more there is,
/// so the pause is at least so many times as long as that took.
const ASK: Duration = Duration::from_millis(250);
const PATIENCE: u32 = 20;

pub(crate) struct Builder {
    db: Db,
    bus: Bus,
    board: Arc<Board>,
    /// What each generation has to read before it can be shown.
    targets: BTreeMap<i64, Target>,
}

/// Starts whatever is counted and was not started here.
pub(crate) async fn begin_unretired(db: &Db, bus: &Bus, board: &Arc<Board>) -> Result<(), BeginError> {
    let known = async |reader: &mut Reader| store::unretired(reader).await;
    board.learn(db.read(known).await?);
    for (generation, _) in board.newest_first() {
        if board.claim_start(generation) {
            hearing::start(bus, generation, board)?;
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
    pub(crate) fn new(db: Db, bus: Bus, board: Arc<Board>) -> Self {
        Self {
            db,
            bus,
            board,
            targets: BTreeMap::new(),
        }
    }

    pub(crate) async fn run(mut self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let wait = match self.look().await {
                Ok(wait) => wait,
                Err(BeginError::Store(error)) => {
                    tracing::warn!(%error, "the generations cannot be looked at");
                    LOOK
                }
                Err(BeginError::Bus(error)) => return Err(error.into()),
            };
            stop.sleep(wait).await;
        }
        Ok(())
    }

    /// Looks once; when to look again.
    async fn look(&mut self) -> Result<Duration, BeginError> {
        begin_unretired(&self.db, &self.bus, &self.board).await?;
        let known = self.board.newest_first();
        // Those between the newest and the live one are overtaken before they are shown.
        let Some((newest, GenerationState::Building)) = known.first().copied() else {
            return Ok(LOOK);
        };
        let live = known.iter().find(|(_, state)| *state == GenerationState::Live);
        if self.board.ready() == Some(newest) {
            return Ok(LOOK);
        }
        let asked = Instant::now();
        let lags = self.bus.admin().lag().await?;
        if let Some((live, _)) = live {
            let target = self
                .targets
                .entry(newest)
                .or_insert_with(|| Target::of(&lags, &hearing::consumer(*live)));
            if target.is_reached(&lags, &hearing::consumer(newest)) {
                self.board.set_ready(newest);
            }
        }
        Ok(ASK.max(asked.elapsed() * PATIENCE))
    }
}
