//! Removes what is over: rows of generations that were replaced, and what visitors did long ago. In small units,
//! so that nobody waits long.

use std::sync::Arc;
use std::time::Duration;

use kit_db::{Db, Reader, StoreError, Tx, WriteError};
use kit_runtime::{Clock, Stop, TaskError};

use super::GenerationSignals;
use crate::domain::day_of;
use crate::store;

/// How often.
const PERIOD: Duration = Duration::from_hours(1);

/// Rows of a table in a unit.
const CHUNK: u32 = 500;

pub(crate) struct Sweeper {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) signals: Arc<GenerationSignals>,
    pub(crate) behaviour_kept: Duration,
}

impl Sweeper {
    pub(crate) async fn run(&self, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            self.sweep(stop).await?;
            tokio::select! {
                () = stop.requested() => {}
                () = self.signals.wait_for_retirement() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
        Ok(())
    }

    async fn sweep(&self, stop: &Stop) -> Result<(), StoreError> {
        let look = async |reader: &mut Reader| store::is_swept(reader).await;
        while !stop.is_requested() && !self.db.read(look).await? {
            let unit = async |tx: &mut Tx| store::sweep(tx, CHUNK).await;
            self.db.write(unit).await.map_err(WriteError::flatten)?;
        }
        let before = day_of(self.clock.now().minus(self.behaviour_kept));
        while !stop.is_requested() {
            let unit = async move |tx: &mut Tx| store::forget_behaviour(tx, before, CHUNK).await;
            if self.db.write(unit).await.map_err(WriteError::flatten)? == 0 {
                break;
            }
        }
        Ok(())
    }
}
