//! What an operator does to the statistics, beside running processes or without any.

use kit_bus::Admin;
use kit_db::{Db, Reader, StoreError, Tx, WriteError};
use kit_runtime::{Clock, Timestamp};
use serde::Serialize;

use crate::consumers;
use crate::store::{self, Generation, GenerationState};

/// An operator of analytics.
pub struct Operator {
    db: Db,
    bus: Admin,
    clock: Clock,
}

/// How a generation of the statistics stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GenerationReport {
    /// Its number.
    pub generation: i64,
    /// Whether it is built, shown or over.
    pub state: GenerationState,
    /// When it was begun; null for the first.
    pub started_at: Option<Timestamp>,
    /// Since when it was shown; null for the first, and where it was not yet.
    pub live_at: Option<Timestamp>,
    /// Events that it has counted and added up.
    pub events: i64,
    /// Its consumer, as `stoa events lag` lists it.
    pub consumer: String,
    /// Rows of the log that its consumer has not passed; null where no process has begun with it.
    pub rows_behind: Option<u64>,
    /// Events that it could not count.
    pub dead_letters: u64,
}

impl Operator {
    /// Of the analytics whose database and bus these are.
    pub fn new(db: Db, bus: Admin, clock: Clock) -> Self {
        Self { db, bus, clock }
    }

    /// Begins to count everything anew, in a generation of its own; its number. Running processes see it within
    /// a second, others when they start.
    pub async fn rebuild(&self) -> Result<i64, StoreError> {
        let now = self.clock.now();
        let unit = async move |tx: &mut Tx| store::begin(tx, now).await;
        self.db.write(unit).await.map_err(WriteError::flatten)
    }

    /// Every generation there ever was, the oldest first.
    pub async fn generations(&self) -> Result<Vec<GenerationReport>, StoreError> {
        let all = self
            .db
            .read(async |reader: &mut Reader| store::list(reader).await);
        let (all, lags) = (all.await?, self.bus.lag().await?);
        let report = |generation: Generation| {
            let consumer = consumers::consumer(generation.number);
            let lags = lags.iter().filter(|lag| lag.consumer == consumer);
            // What became of the consumer of one that is over says nothing.
            let lags = lags.filter(|_| generation.state != GenerationState::Retired);
            let rows = lags.clone().map(|lag| lag.rows).reduce(|all, rows| all + rows);
            GenerationReport {
                generation: generation.number,
                state: generation.state,
                started_at: generation.started_at,
                live_at: generation.live_at,
                events: generation.events(),
                consumer: consumer.clone(),
                rows_behind: rows,
                dead_letters: lags.map(|lag| lag.dead).sum(),
            }
        };
        Ok(all.into_iter().map(report).collect())
    }
}
