//! Writing on PostgreSQL: a task and a transaction for each unit.
//!
//! The task is the unit's, not the caller's: a caller that goes away leaves it to finish, so no transaction is
//! ever left half done. A transaction that another one pushed out (40001, 40P01), or whose server went away
//! before the commit was sent, is run again a few times; nothing of it was kept.

use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use kit_runtime::{Backoff, Tasks};
use tokio::sync::Semaphore;

use crate::classify::{Blame, classify, proves_rollback};
use crate::core::Core;
use crate::driver::DriverError;
use crate::error::Unavailable;
use crate::job::{self, End, Job, JobOutcome};
use crate::pool::{Pool, Slot};
use crate::unit::{Link, Tx};

/// How often a unit is run at most.
const ATTEMPTS: u32 = 6;

/// Between two runs of a unit.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(4),
    longest: Duration::from_millis(64),
};

/// How long a rollback may take before the connection is given up.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct PostgresWriter {
    core: Arc<Core>,
    pool: Arc<Pool>,
    tasks: Tasks,
    queue: Arc<Semaphore>,
}

/// What came of one attempt.
enum Attempt {
    Ended(JobOutcome),
    Again(Unavailable),
}

impl PostgresWriter {
    pub(crate) fn new(core: Arc<Core>, pool: Arc<Pool>, tasks: Tasks) -> Arc<Self> {
        let queue = Arc::new(Semaphore::new(core.queue_limit));
        Arc::new(Self {
            core,
            pool,
            tasks,
            queue,
        })
    }

    /// Starts a unit's task.
    pub(crate) fn submit(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), Unavailable> {
        let place = self.queue.clone().try_acquire_owned();
        let place = place.map_err(|_| Unavailable::QueueFull)?;
        let writer = self.clone();
        self.tasks.spawn("db.write", async move {
            writer.settle(job).await;
            drop(place);
        });
        Ok(())
    }

    async fn settle(&self, mut job: Box<dyn Job>) {
        let mut last = Unavailable::Contention;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(self.pause(attempt)).await;
            }
            let taken = tokio::select! {
                biased;
                () = job.caller_leaves() => return, // nothing has begun
                taken = self.pool.take() => taken,
            };
            let (link, slot) = match taken {
                Ok(pooled) => pooled.split(),
                Err(reason) => return job.answer(JobOutcome::Unavailable(reason)),
            };
            match self.attempt(&mut *job, link, slot).await {
                Attempt::Ended(outcome) => return job.answer(outcome),
                Attempt::Again(reason) => last = reason,
            }
        }
        job.answer(JobOutcome::Unavailable(last));
    }

    fn pause(&self, attempt: u32) -> Duration {
        BACKOFF.pause(attempt, u16::from_le_bytes(self.core.ids.random()))
    }

    async fn attempt(&self, job: &mut dyn Job, link: Link, slot: Slot) -> Attempt {
        let mut tx = self.core.transaction(link);
        if let Err(reason) = begin(&mut tx.link).await {
            slot.pool().forget_idle();
            return Attempt::Again(reason);
        }
        match job::run(job, &mut tx, self.core.unit_limit).await {
            End::Commit => self.commit(job, tx, slot).await,
            End::RollBack(outcome) => {
                roll_back(tx.link, slot).await;
                Attempt::Ended(outcome)
            }
            End::Again(reason) => {
                roll_back(tx.link, slot).await;
                Attempt::Again(reason)
            }
        }
    }

    async fn commit(&self, job: &mut dyn Job, mut tx: Tx, slot: Slot) -> Attempt {
        fail_point!("db::before-commit");
        job.commit_is_sent();
        let limit = self.core.unit_limit;
        let sent = tokio::time::timeout(limit, send_commit(&mut tx.link)).await;
        fail_point!("db::after-commit-before-answer");
        let error = match sent {
            Ok(Ok(())) => {
                slot.give_back(tx.link);
                if tx.outbox.has_events() {
                    self.core.announce();
                }
                return Attempt::Ended(JobOutcome::Settled);
            }
            Ok(Err(error)) => error,
            Err(_) => DriverError::Gone,
        };
        // The connection is closed either way.
        if !proves_rollback(&error) {
            tracing::error!(%error, "a commit's answer was lost");
            return Attempt::Ended(JobOutcome::OutcomeUnknown);
        }
        match classify(error) {
            (_, Blame::Contention) => Attempt::Again(Unavailable::Contention),
            (_, Blame::Outage(reason)) => Attempt::Ended(JobOutcome::Unavailable(reason)),
            (error, Blame::Statement) => Attempt::Ended(JobOutcome::Failed(error)),
        }
    }
}

async fn begin(link: &mut Link) -> Result<(), Unavailable> {
    match link.connection.script("BEGIN").await {
        Ok(()) => Ok(()),
        Err(error) => match classify(error) {
            (_, Blame::Outage(reason)) => Err(reason),
            (error, _) => {
                tracing::error!(%error, "a transaction could not begin");
                Err(Unavailable::Unreachable)
            }
        },
    }
}

async fn send_commit(link: &mut Link) -> Result<(), DriverError> {
    link.connection.script("COMMIT").await?;
    fail_point!("db::commit-answer-lost", |_| Err(DriverError::Gone));
    Ok(())
}

/// Rolls back and gives the connection back, or closes it, which rolls back too.
async fn roll_back(mut link: Link, slot: Slot) {
    if link.failure.is_some_and(|blame| !blame.spares_connection()) {
        slot.pool().forget_idle();
        return;
    }
    let rollback = link.connection.script("ROLLBACK");
    if let Ok(Ok(())) = tokio::time::timeout(ROLLBACK_LIMIT, rollback).await {
        slot.give_back(link);
    }
}
