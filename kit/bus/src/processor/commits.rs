//! Commits: what waits is committed together, one transaction of a processor at a time.
//!
//! A batch takes what has come and never waits for more. Its units run in one transaction without savepoints,
//! which cost a round trip each; where one fails the transaction is rolled back, and each is run alone, so that
//! a failing effect hurts only itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use kit_db::{StoreError, Tx, Unavailable, WriteError};
use kit_runtime::Timestamp;
use tokio::sync::Mutex;

use super::{Action, Entry, Parking, Phase, Processor, store};
use crate::envelope::Record;
use crate::metrics::Outcome;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What one transaction does.
struct Batch {
    processor: Arc<Processor>,
    /// The processor's position afterwards.
    position: i64,
    now: Timestamp,
    entries: Mutex<Vec<Entry>>,
}

/// Why a transaction is rolled back.
enum Rejected {
    /// The lease is somebody else's.
    Superseded,
    Failed(StoreError),
}

impl From<StoreError> for Rejected {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// The task that commits. One that goes away on the way leaves handlers without an answer, so its processor is over.
struct Committing {
    processor: Arc<Processor>,
    ended: bool,
}

impl Drop for Committing {
    fn drop(&mut self) {
        if !self.ended {
            self.processor.state().is_committing = false;
            self.processor.give_up();
        }
    }
}

impl Processor {
    /// Queues something to be committed, and starts to commit where nobody does. On a processor that is over it is
    /// dropped.
    pub(super) fn submit(self: &Arc<Self>, entry: Entry) {
        let mut state = self.state();
        if state.phase == Phase::Over {
            drop(state);
            drop(entry);
            return;
        }
        state.entries.push_back(entry);
        if state.is_committing {
            return;
        }
        state.is_committing = true;
        drop(state);
        let committing = Committing {
            processor: self.clone(),
            ended: false,
        };
        self.context.tasks.spawn("bus.commit", commit_all(committing));
    }

    /// What is to be committed next; ends the task where there is nothing.
    fn next_batch(&self) -> Vec<Entry> {
        let mut state = self.state();
        let mut batch = Vec::new();
        let mut dropped = Vec::new();
        while batch.len() < self.context.settings.effects
            && let Some(entry) = state.entries.pop_front()
        {
            let is_done = entry.is_live && !state.open.contains_key(&entry.record.position);
            if is_done || !entry.is_awaited() {
                dropped.push(entry);
            } else {
                batch.push(entry);
            }
        }
        if batch.is_empty() {
            state.is_committing = false;
        }
        drop(state);
        batch
    }

    /// Commits entries together, or, where that fails, one by one.
    async fn commit(self: &Arc<Self>, mut entries: Vec<Entry>) {
        let mut pause = FIRST_PAUSE;
        while !self.is_over() {
            let error = match self.write(&mut entries).await {
                Ok(position) => return self.settle(entries, position),
                Err(error) => error,
            };
            match error {
                WriteError::Refused(Rejected::Superseded) => {
                    tracing::info!(
                        consumer = &*self.context.consumer,
                        partition = self.partition,
                        "another process owns the partition"
                    );
                    return self.give_up();
                }
                WriteError::Refused(Rejected::Failed(error)) | WriteError::Failed(error) => {
                    if entries.len() > 1 {
                        return self.commit_alone(entries).await;
                    }
                    entries = refuse(entries, error);
                }
                WriteError::Unavailable(Unavailable::TimedOut) => {
                    if entries.len() > 1 {
                        return self.commit_alone(entries).await;
                    }
                    entries = refuse(entries, Unavailable::TimedOut.into());
                }
                // What was committed without an answer is found in the inbox.
                WriteError::Unavailable(_) | WriteError::OutcomeUnknown => {}
            }
            if entries.is_empty() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn commit_alone(self: &Arc<Self>, entries: Vec<Entry>) {
        for entry in entries {
            Box::pin(self.commit(vec![entry])).await;
        }
    }

    /// Writes entries in one transaction; the position that it wrote.
    async fn write(self: &Arc<Self>, entries: &mut Vec<Entry>) -> Result<i64, WriteError<Rejected>> {
        let live: HashSet<i64> = entries
            .iter()
            .filter(|entry| entry.is_live)
            .map(|entry| entry.record.position)
            .collect();
        let position = self.state().low(|position| live.contains(&position));
        let batch = Arc::new(Batch {
            processor: self.clone(),
            position,
            now: self.context.clock.now(),
            entries: Mutex::new(std::mem::take(entries)),
        });
        let unit = batch.clone();
        let written = self
            .context
            .db
            .write(async move |tx: &mut Tx| unit.run(tx).await)
            .await;
        *entries = std::mem::take(&mut *batch.entries.lock().await);
        written.map(|()| position)
    }

    /// Tells everybody that it is done.
    fn settle(&self, entries: Vec<Entry>, position: i64) {
        fail_point!("bus::after-effect-before-answer");
        let now = self.context.clock.now();
        let mut state = self.state();
        for entry in entries.iter().filter(|entry| entry.is_live) {
            state.finish(entry.record.position);
        }
        state.saved = state.saved.max(position);
        drop(state);
        for entry in entries {
            match entry.action {
                Action::Effect(effect) => {
                    self.context.metrics.count(Outcome::Applied);
                    self.context.metrics.took(now.since(entry.record.created_at));
                    effect.answer(Ok(()));
                }
                Action::Park(_, done) | Action::Forget(done) => {
                    let _ = done.send(());
                }
            }
        }
    }
}

/// Tells a handler that its effect failed. What the bus itself wants to write is kept and tried again.
fn refuse(entries: Vec<Entry>, error: StoreError) -> Vec<Entry> {
    let mut kept = Vec::new();
    let mut error = Some(error);
    for entry in entries {
        match (entry.action, error.take()) {
            (Action::Effect(effect), Some(error)) => effect.answer(Err(error)),
            (action, error) => {
                let reason = error.map(|error| error.to_string());
                tracing::error!(id = entry.record.id, reason, "an event cannot be parked");
                kept.push(Entry { action, ..entry });
            }
        }
    }
    kept
}

impl Entry {
    fn is_awaited(&self) -> bool {
        match &self.action {
            Action::Effect(effect) => effect.is_awaited(),
            Action::Park(..) | Action::Forget(_) => true,
        }
    }
}

impl Batch {
    async fn run(&self, tx: &mut Tx) -> Result<(), Rejected> {
        let (processor, context) = (&self.processor, &self.processor.context);
        if !store::owns(tx, &processor.lease, &context.holder, processor.epoch).await? {
            return Err(Rejected::Superseded);
        }
        let mut entries = self.entries.lock().await;
        let ended = entries.iter().filter(|entry| entry.is_end());
        let ids: Vec<&str> = ended.map(|entry| entry.record.id.as_str()).collect();
        let fresh = store::take_in(tx, &context.consumer, &ids, self.now).await?;
        let mut parkings: Vec<(&Record, &Parking)> = Vec::new();
        let mut done: Vec<&str> = Vec::new();
        for Entry {
            record,
            is_live,
            action,
        } in entries.iter_mut()
        {
            match (action, *is_live) {
                (Action::Effect(effect), _) => {
                    if fresh.contains(&record.id) && !effect.run(tx).await {
                        // The handler hears its own refusal.
                        return Err(Rejected::Failed(StoreError::Aborted));
                    }
                    if !*is_live {
                        done.push(&record.id);
                    }
                }
                (Action::Park(parking, _), true) => parkings.push((record, parking)),
                (Action::Park(parking, _), false) => {
                    store::park_again(tx, &context.consumer, record, parking).await?;
                }
                (Action::Forget(_), true) => {}
                (Action::Forget(_), false) => done.push(&record.id),
            }
        }
        tx.set_trace(None);
        fail_point!("bus::after-effect-before-position");
        store::park(tx, context, &parkings, self.now).await?;
        store::unpark(tx, &context.consumer, &done).await?;
        store::advance(tx, context, processor.partition, self.position, self.now).await?;
        fail_point!("bus::before-commit");
        Ok(())
    }
}

impl Entry {
    /// Whether the event is done with by it, so that the inbox has a row of each event that was not parked.
    fn is_end(&self) -> bool {
        match &self.action {
            Action::Effect(_) | Action::Forget(_) => true,
            Action::Park(..) => false,
        }
    }
}

async fn commit_all(mut committing: Committing) {
    let processor = committing.processor.clone();
    loop {
        let batch = processor.next_batch();
        if batch.is_empty() {
            break;
        }
        processor.commit(batch).await;
    }
    committing.ended = true;
    processor.context.wake.notify_one();
}
