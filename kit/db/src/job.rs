//! A unit of work on its way to a connection, without its types.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_runtime::panic_text;
use kit_telemetry::TraceParent;
use tokio::sync::oneshot;

use crate::classify::Blame;
use crate::error::{StoreError, Unavailable, WriteError};
use crate::unit::{Tx, Unit};

/// A unit with its caller.
pub(crate) trait Job: Send {
    /// Nobody waits for the answer any more.
    fn caller_is_gone(&self) -> bool;
    /// Returns when nobody waits any more.
    fn caller_leaves(&mut self) -> BoxFuture<'_, ()>;
    /// The request's trace.
    fn trace(&self) -> Option<TraceParent>;
    /// Runs a clone of the unit, keeps its result, and tells whether it wants to be committed.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
    /// From now on the unit may be done, whatever happens to the job.
    fn commit_is_sent(&mut self);
    /// Tells the caller how it ended.
    fn answer(self: Box<Self>, outcome: JobOutcome);
}

/// How a unit ended, for its caller.
#[derive(Debug)]
pub(crate) enum JobOutcome {
    /// As the unit itself says: its value is committed, or its refusal rolled back.
    Settled,
    /// Surely not done.
    Unavailable(Unavailable),
    /// Perhaps done.
    OutcomeUnknown,
    /// Surely not done, by a defect.
    Failed(StoreError),
}

type Reply<T, E> = oneshot::Sender<Result<T, WriteError<E>>>;

pub(crate) struct Work<U, T, E> {
    unit: U,
    trace: Option<TraceParent>,
    result: Option<Result<T, E>>,
    commit_is_sent: bool,
    /// Until the answer.
    reply: Option<Reply<T, E>>,
}

impl<U, T, E> Work<U, T, E> {
    pub(crate) fn new(unit: U, trace: Option<TraceParent>, reply: Reply<T, E>) -> Self {
        Self {
            unit,
            trace,
            result: None,
            commit_is_sent: false,
            reply: Some(reply),
        }
    }
}

impl<U, T, E> Drop for Work<U, T, E> {
    /// Cut off on the way, by the process's end or a panic: its connection is closed, so what was not
    /// committed is rolled back.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(Err(if self.commit_is_sent {
                WriteError::OutcomeUnknown
            } else {
                WriteError::Unavailable(Unavailable::Abandoned)
            }));
        }
    }
}

impl<U, T, E> Job for Work<U, T, E>
where
    U: for<'t> Unit<'t, T, E> + Clone + Send,
    T: Send,
    E: Send,
{
    fn caller_is_gone(&self) -> bool {
        self.reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    fn caller_leaves(&mut self) -> BoxFuture<'_, ()> {
        let reply = self.reply.as_mut();
        async move {
            if let Some(reply) = reply {
                reply.closed().await;
            }
        }
        .boxed()
    }

    fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        let running = self.unit.clone()(tx);
        let result = &mut self.result;
        async move { result.insert(running.await).is_ok() }.boxed()
    }

    fn commit_is_sent(&mut self) {
        self.commit_is_sent = true;
    }

    fn answer(mut self: Box<Self>, outcome: JobOutcome) {
        let answer = match (outcome, self.result.take()) {
            (JobOutcome::Settled, Some(result)) => result.map_err(WriteError::Refused),
            // Settled without a result does not happen: a unit that gave none panicked or ran out of time.
            (JobOutcome::Settled, None) | (JobOutcome::OutcomeUnknown, _) => Err(WriteError::OutcomeUnknown),
            (JobOutcome::Unavailable(reason), _) => Err(WriteError::Unavailable(reason)),
            (JobOutcome::Failed(error), _) => Err(WriteError::Failed(error)),
        };
        if let Some(reply) = self.reply.take() {
            // The caller may have gone.
            let _ = reply.send(answer);
        }
    }
}

/// What is to be done with a transaction after a unit ran in it.
#[derive(Debug)]
pub(crate) enum End {
    /// It succeeded, and its events are written.
    Commit,
    /// It must leave nothing behind, and its caller hears this.
    RollBack(JobOutcome),
    /// It must leave nothing behind and may be run again; the reason is for the last time.
    Again(Unavailable),
}

/// Runs a unit in an open transaction: time limit, panic, and failures that the unit may have swallowed.
pub(crate) async fn run(job: &mut dyn Job, tx: &mut Tx, limit: Duration) -> End {
    tx.reset(job.trace());
    tx.link.connection.limit(Some(limit));
    let whole = async {
        let wants_commit = AssertUnwindSafe(job.run(tx)).catch_unwind().await?;
        if wants_commit && tx.link.failure.is_none() {
            // A failure is noted on the link, as that of any statement.
            let _ = tx.write_events().await;
        }
        Ok::<bool, Box<dyn std::any::Any + Send>>(wants_commit)
    };
    let wants_commit = match tokio::time::timeout(limit, whole).await {
        Err(_) => {
            tracing::warn!(limit = ?limit, "a unit of work ran out of time");
            return End::RollBack(JobOutcome::Unavailable(Unavailable::TimedOut));
        }
        Ok(Err(panic)) => {
            tracing::error!(panic = panic_text(&*panic), "a unit of work panicked");
            return End::RollBack(JobOutcome::Failed(StoreError::Panicked));
        }
        Ok(Ok(wants_commit)) => wants_commit,
    };
    match tx.link.failure {
        // These come first: what the unit made of them cannot be told from a refusal.
        Some(Blame::Contention) => End::Again(Unavailable::Contention),
        Some(Blame::Outage(Unavailable::Unreachable)) => End::Again(Unavailable::Unreachable),
        Some(Blame::Outage(reason)) => End::RollBack(JobOutcome::Unavailable(reason)),
        Some(Blame::Statement) if wants_commit => End::RollBack(JobOutcome::Failed(StoreError::Aborted)),
        None if wants_commit => End::Commit,
        Some(Blame::Statement) | None => End::RollBack(JobOutcome::Settled),
    }
}
