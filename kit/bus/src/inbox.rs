//! How a handler does its effect exactly once.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_db::{StoreError, Tx, Unit};
use kit_telemetry::TraceParent;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::processor::{Effect, EffectPermit, Stage};

/// Takes the effect of one event. A handler gets it with its [`crate::Delivery`].
pub struct Inbox {
    pub(crate) permit: EffectPermit,
    pub(crate) trace: Option<TraceParent>,
}

/// What became of an effect. Either way it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied<T> {
    /// It was done now; the value is the unit's.
    Now(T),
    /// It had been done at an earlier delivery of this event, and was not done again.
    Before,
}

/// Why an effect was not done.
#[derive(Debug, Error)]
pub enum ApplyError<E> {
    /// The unit returned this.
    #[error("{0}")]
    Refused(E),
    /// The store failed, and it was not the database's being away, which is waited for.
    #[error(transparent)]
    Failed(StoreError),
    /// Another process owns the partition now, or this one stops; the event is delivered there or later.
    #[error("the event is delivered elsewhere")]
    Superseded,
}

impl Inbox {
    /// Does the effect in one transaction with the inbox row and the consumer's position: all are kept, or
    /// none. An effect that was committed at an earlier delivery is not done again.
    ///
    /// The unit obeys the rules of [`kit_db::Db::write`]: statements and nothing else. Effects of several
    /// events may share a transaction; one that fails is tried again alone before its handler hears of it, so
    /// a unit may run more than once. While the database is away this waits.
    pub async fn apply<T, E>(
        self,
        unit: impl for<'t> Unit<'t, T, E> + Clone + Send + 'static,
    ) -> Result<Applied<T>, ApplyError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Work {
            unit,
            trace: self.trace,
            result: None,
            reply,
        };
        let stage = self.permit.stage.clone();
        stage.set(Stage::Applying);
        self.permit.submit(Box::new(work));
        // A processor that breaks off drops what waits.
        let answer = answer.await.unwrap_or(Err(ApplyError::Superseded));
        stage.set(match &answer {
            Ok(_) => Stage::Applied,
            Err(_) => Stage::Running,
        });
        answer
    }
}

type Reply<T, E> = oneshot::Sender<Result<Applied<T>, ApplyError<E>>>;

/// A unit with its handler waiting for it.
struct Work<U, T, E> {
    unit: U,
    trace: Option<TraceParent>,
    result: Option<Result<T, E>>,
    reply: Reply<T, E>,
}

impl<U, T, E> Effect for Work<U, T, E>
where
    U: for<'t> Unit<'t, T, E> + Clone + Send,
    T: Send,
    E: Send,
{
    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        tx.set_trace(self.trace);
        let running = self.unit.clone()(tx);
        let result = &mut self.result;
        *result = None;
        async move { result.insert(running.await).is_ok() }.boxed()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let answer = match (committed, result) {
            (Ok(()), Some(Ok(value))) => Ok(Applied::Now(value)),
            // Committed without a value of this run's: an earlier one's answer was lost.
            (Ok(()), _) => Ok(Applied::Before),
            (Err(_), Some(Err(refusal))) => Err(ApplyError::Refused(refusal)),
            (Err(error), _) => Err(ApplyError::Failed(error)),
        };
        // The handler may have gone.
        let _ = reply.send(answer);
    }
}

/// Where a handler is, for the one who watches its time.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageCell(Arc<std::sync::atomic::AtomicU8>);

impl StageCell {
    pub(crate) fn set(&self, stage: Stage) {
        self.0.store(stage as u8, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn is(&self, stage: Stage) -> bool {
        self.0.load(std::sync::atomic::Ordering::SeqCst) == stage as u8
    }
}
