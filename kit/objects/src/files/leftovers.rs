//! What is to be cleared away after an answer was given or a client has gone: files that nobody needs any more, and
//! reservations of what was not received to its end.
//!
//! It is handed over by `drop`, which cannot wait. What is not done when the process ends is done at the next start.

use std::time::Duration;

use kit_db::{Db, StoreError, Tx};
use kit_runtime::{Stop, Tasks};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Files;
use crate::store;

/// Before a reservation that could not be taken back is tried again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Leftover {
    File(String),
    Reservation(String),
}

/// Takes what is to be cleared away. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Leftovers {
    queue: UnboundedSender<Leftover>,
}

impl Leftovers {
    pub(crate) fn start(files: Files, db: Db, tasks: &Tasks) -> Self {
        let (queue, received) = unbounded_channel();
        tasks.spawn("objects.leftovers", clear(received, files, db, tasks.stop()));
        Self { queue }
    }

    pub(crate) fn file(&self, name: String) {
        // Where nobody takes it any more, the process ends.
        drop(self.queue.send(Leftover::File(name)));
    }

    pub(crate) fn reservation(&self, id: String) {
        drop(self.queue.send(Leftover::Reservation(id)));
    }
}

async fn clear(mut queue: UnboundedReceiver<Leftover>, files: Files, db: Db, stop: Stop) {
    loop {
        let next = tokio::select! {
            next = queue.recv() => next,
            () = stop.requested() => None,
        };
        match next {
            None => return,
            Some(Leftover::File(name)) => {
                if let Err(error) = files.remove(&name).await {
                    tracing::warn!(%error, name, "a file cannot be removed before the next start");
                }
            }
            Some(Leftover::Reservation(id)) => {
                while let Err(error) = release(&db, &id).await {
                    tracing::warn!(%error, "a reservation cannot be taken back yet");
                    if !stop.sleep(PAUSE).await {
                        return;
                    }
                }
            }
        }
    }
}

async fn release(db: &Db, id: &str) -> Result<(), StoreError> {
    let id = id.to_owned();
    let released = db.write(async move |tx: &mut Tx| store::delete_reservation(tx, &id).await);
    Ok(released.await?)
}
