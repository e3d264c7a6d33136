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

use super::GenerationSignals;
use crate::store;

/// How often to look for what other processes added up.
const POLL_INTERVAL: Duration = Duration::from_millis(400);

/// Shortest time between two looks, however much happens.
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Subscriptions to the live counts. A cheap handle.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    slots: Arc<Semaphore>,
    seen: watch::Sender<Option<Stats>>,
    came: Notify,
}

/// One of the limited subscriptions; its slot is free again once it is dropped.
pub(crate) struct LiveSubscription {
    seen: watch::Receiver<Option<Stats>>,
    last: Option<Stats>,
    _permit: OwnedSemaphorePermit,
}

impl Live {
    pub(crate) fn new(slots: usize) -> Self {
        Self(Arc::new(Inner {
            slots: Arc::new(Semaphore::new(slots)),
            seen: watch::Sender::new(None),
            came: Notify::new(),
        }))
    }

    /// A subscription, where a slot is free.
    pub(crate) fn subscribe(&self) -> Option<LiveSubscription> {
        let permit = self.0.slots.clone().try_acquire_owned().ok()?;
        let mut seen = self.0.seen.subscribe();
        // What is known here may be old; the first thing shown is looked up now.
        seen.mark_unchanged();
        self.0.came.notify_one();
        Some(LiveSubscription {
            seen,
            last: None,
            _permit: permit,
        })
    }

    pub(super) async fn run(
        &self,
        db: &Db,
        signals: &GenerationSignals,
        stop: &Stop,
    ) -> Result<(), TaskError> {
        while !stop.is_requested() {
            let is_new = tokio::select! {
                () = stop.requested() => break,
                () = self.0.came.notified() => true,
                () = signals.wait_for_counts(), if self.is_watched() => false,
                () = tokio::time::sleep(POLL_INTERVAL), if self.is_watched() => false,
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
            stop.sleep(MIN_PAUSE).await;
        }
        Ok(())
    }

    fn is_watched(&self) -> bool {
        self.0.seen.receiver_count() > 0
    }
}

impl LiveSubscription {
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
