//! The live stream: one look at the counts serves everybody who watches.
//!
//! Nobody watching, nobody looks. What this process adds up is seen at once; what another one does, at the next
//! look. Each watcher has the newest counts only: whoever is slow misses what lay between, and nothing queues.

use std::sync::Arc;
use std::time::Duration;

use analytics_api::Stats;
use kit_db::{Db, Reader};
use kit_runtime::{Stop, TaskError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::Board;
use crate::store;

/// How often to look for what other processes added up.
const LOOK: Duration = Duration::from_millis(400);

/// Shortest time between two looks, however much happens.
const BREATH: Duration = Duration::from_millis(50);

/// Who watches, and what there is to see. A cheap handle.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    seats: Arc<Semaphore>,
    seen: watch::Sender<Option<Stats>>,
    came: Notify,
}

/// A watcher's place, free again once it is dropped.
pub(crate) struct Seat {
    seen: watch::Receiver<Option<Stats>>,
    last: Option<Stats>,
    _permit: OwnedSemaphorePermit,
}

impl Live {
    pub(crate) fn new(seats: usize) -> Self {
        Self(Arc::new(Inner {
            seats: Arc::new(Semaphore::new(seats)),
            seen: watch::Sender::new(None),
            came: Notify::new(),
        }))
    }

    /// A place to watch from, where one is free.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let permit = self.0.seats.clone().try_acquire_owned().ok()?;
        let mut seen = self.0.seen.subscribe();
        // What is known here may be old; the first thing shown is looked up now.
        seen.mark_unchanged();
        self.0.came.notify_one();
        Some(Seat {
            seen,
            last: None,
            _permit: permit,
        })
    }

    pub(super) async fn run(&self, db: &Db, board: &Board, stop: &Stop) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let is_new = tokio::select! {
                () = stop.requested() => break,
                () = self.0.came.notified() => true,
                () = board.wait_for_counts(), if self.is_watched() => false,
                () = tokio::time::sleep(LOOK), if self.is_watched() => false,
            };
            match db
                .read(async |reader: &mut Reader| store::stats(reader).await)
                .await
            {
                Ok(stats) => {
                    self.0.seen.send_if_modified(|seen| {
                        let is_other = *seen != Some(stats);
                        *seen = Some(stats);
                        is_other || is_new
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "live streams see nothing");
                    if is_new {
                        self.0.came.notify_one();
                    }
                }
            }
            stop.sleep(BREATH).await;
        }
        Ok(())
    }

    fn is_watched(&self) -> bool {
        self.0.seen.receiver_count() > 0
    }
}

impl Seat {
    /// The next counts that differ from those seen last. Never, once nobody looks any more.
    pub(crate) async fn next(&mut self) -> Stats {
        loop {
            if self.seen.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let seen = *self.seen.borrow_and_update();
            if let Some(stats) = seen.filter(|_| seen != self.last) {
                self.last = seen;
                return stats;
            }
        }
    }
}
