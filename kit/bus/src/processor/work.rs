//! Workers: they take a key's next event, run its handler, and see to its failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use futures::FutureExt;
use kit_db::Reader;
use kit_runtime::{Backoff, Timestamp, panic_text};
use tokio::sync::oneshot;

use super::{Action, EffectPermit, Entry, Job, NEVER, Parking, Phase, Processor, Stage, State, store};
use crate::envelope::{Chain, Record};
use crate::failure::Failure;
use crate::inbox::{Inbox, StageCell};
use crate::metrics::Outcome;
use crate::span::{begin_step, end_step};

/// The pause after the own database could not be read.
const READ_PAUSE: Duration = Duration::from_secs(1);

/// How an attempt ended.
enum Attempt {
    Applied,
    /// There was nothing to do.
    Skipped,
    Failed(Failure),
    /// The processor is over, or the event was done by an effect that the handler did not wait for.
    Moot,
}

/// Ends with its worker. A worker that goes away on the way leaves a chain that nobody goes on with, so its processor
/// is over.
struct WorkerGuard {
    processor: Arc<Processor>,
    left: bool,
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        if !self.left {
            self.processor.state().workers -= 1;
            self.processor.give_up();
        }
    }
}

impl Processor {
    /// Gives each key that is ready a worker, as far as there may be so many.
    pub(super) fn start_workers(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            if state.workers >= self.context.settings.concurrency {
                return;
            }
            let Some(job) = self.next_job(&mut state) else {
                return;
            };
            state.workers += 1;
            drop(state);
            let guard = WorkerGuard {
                processor: self.clone(),
                left: false,
            };
            self.context.tasks.spawn("bus.worker", work(guard, job));
        }
    }

    /// Whether anything more may begin. Whoever stops the group waits for what is begun, and the pump may learn of
    /// it later than a worker.
    fn may_begin(&self, state: &mut State) -> bool {
        if self.context.stop.is_requested() {
            state.close();
        }
        state.phase == Phase::Open
    }

    fn next_job(&self, state: &mut State) -> Option<(Arc<Chain>, Job)> {
        if self.may_begin(state) {
            state.next_job()
        } else {
            None
        }
    }

    /// A key's job has ended: the key is ready for the next, or has nothing more to do.
    fn end_job(&self, chain: &Arc<Chain>) {
        let mut state = self.state();
        let has_more = state.chains.get(chain).is_some_and(|jobs| !jobs.is_empty());
        if !has_more {
            state.chains.remove(chain);
        } else if state.phase == Phase::Open {
            state.ready.push_back(chain.clone());
        }
        // Half a window is worth a page.
        let has_room = state.open.len() <= self.context.settings.window / 2;
        drop(state);
        if has_room {
            self.context.wake.notify_one();
        }
    }

    async fn deliver(self: &Arc<Self>, record: &Arc<Record>) {
        let metrics = &self.context.metrics;
        if self.state().parked.contains_key(&record.chain) {
            let behind = Parking {
                attempts: 0,
                reason: String::new(),
                due_at: record.created_at,
                is_dead: false,
            };
            self.park(record, true, behind).await;
            metrics.count(Outcome::Parked);
            return;
        }
        match self.attempt(record, 1, true).await {
            Attempt::Applied | Attempt::Moot => {}
            Attempt::Failed(failure) if !self.was_done(record).await => {
                self.park_failed(record, 1, true, failure).await;
            }
            Attempt::Skipped | Attempt::Failed(_) => {
                self.forget(record, true).await;
                metrics.count(Outcome::Skipped);
            }
        }
    }

    /// Tries what is due of a key's parked events, in order, until one fails or none is left.
    async fn retry(self: &Arc<Self>, chain: &Arc<Chain>) {
        while self.may_begin(&mut self.state()) {
            let (context, asked, key) = (self.context.clone(), self.context.clone(), chain.clone());
            let unit = async move |reader: &mut Reader| store::first_parked(reader, &asked, &key).await;
            let first = match context.db.read(unit).await {
                Ok(Some(first)) => first,
                Ok(None) => {
                    self.state().parked.remove(chain);
                    return;
                }
                Err(error) => {
                    let (consumer, source) = (&*context.consumer, &*context.source);
                    tracing::warn!(consumer, source, %error, "parked events cannot be read");
                    return self.look_again(chain, context.clock.now().plus(READ_PAUSE));
                }
            };
            if first.is_dead || first.due_at > context.clock.now() {
                return self.look_again(chain, if first.is_dead { NEVER } else { first.due_at });
            }
            let (record, attempt) = (Arc::new(first.record), first.attempts + 1);
            if attempt > 1 {
                context.metrics.count(Outcome::Retried);
            }
            match self.attempt(&record, attempt, false).await {
                Attempt::Applied => {}
                Attempt::Failed(failure) if !self.was_done(&record).await => {
                    return self.park_failed(&record, attempt, false, failure).await;
                }
                Attempt::Skipped | Attempt::Failed(_) => self.forget(&record, false).await,
                Attempt::Moot => return self.look_again(chain, context.clock.now().plus(READ_PAUSE)),
            }
        }
    }

    fn look_again(&self, chain: &Arc<Chain>, due_at: Timestamp) {
        self.state().parked.insert(chain.clone(), due_at);
        self.context.wake.notify_one();
    }

    /// Runs the handler once.
    async fn attempt(self: &Arc<Self>, record: &Arc<Record>, attempt: u32, is_live: bool) -> Attempt {
        fail_point!("bus::before-handler");
        // A type that has no handler any more has nothing to do.
        let (handling, mut envelope) = match (self.context.routes.find(record), record.envelope()) {
            (Some(handling), Ok(envelope)) => (handling, envelope),
            (Some(_), Err(failure)) => return Attempt::Failed(failure),
            (None, Err(failure)) if record.is_untyped() => return Attempt::Failed(failure),
            (None, _) => return Attempt::Skipped,
        };
        let step = begin_step(self.context.step(attempt), &mut envelope);
        let stage = StageCell::default();
        let inbox = Inbox {
            trace: envelope.trace,
            permit: EffectPermit {
                processor: self.clone(),
                record: record.clone(),
                is_live,
                stage: stage.clone(),
            },
        };
        let attempt = match handling(record, envelope, attempt, inbox) {
            Ok(running) => {
                let running = AssertUnwindSafe(running).catch_unwind();
                let limit = self.context.settings.handler_limit;
                let failure = failure_of(within(limit, &stage, running).await, limit);
                self.conclude(record, is_live, &stage, failure)
            }
            Err(failure) => Attempt::Failed(failure),
        };
        end_step(
            step,
            match &attempt {
                Attempt::Failed(failure) => Some(failure),
                Attempt::Applied | Attempt::Skipped | Attempt::Moot => None,
            },
        );
        attempt
    }

    fn conclude(
        &self,
        record: &Record,
        is_live: bool,
        stage: &StageCell,
        failure: Option<Failure>,
    ) -> Attempt {
        let (is_over, is_open) = {
            let processor = self.state();
            (
                processor.phase == Phase::Over,
                processor.open.contains_key(&record.position),
            )
        };
        if is_over {
            return Attempt::Moot;
        }
        let is_done = stage.is(Stage::Applied) || (is_live && !is_open);
        match failure {
            None if is_done => Attempt::Applied,
            None if stage.is(Stage::Running) => Attempt::Skipped,
            // The handler did not wait for the answer; whether it is done is not known here.
            None => Attempt::Failed(Failure::again("the handler left its effect behind")),
            Some(failure) if is_done => {
                let (id, reason) = (&record.id, &failure.reason);
                tracing::warn!(id, reason, "a handler failed after its effect was committed");
                Attempt::Applied
            }
            Some(failure) => Attempt::Failed(failure),
        }
    }

    /// Whether an event that failed has had its effect before, and only came again: what is done cannot fail,
    /// and a dead letter of it would hold up its key for nothing.
    async fn was_done(&self, record: &Arc<Record>) -> bool {
        let (context, id) = (self.context.clone(), record.id.clone());
        let unit = async move |reader: &mut Reader| store::is_known(reader, &context.consumer, &id).await;
        let known = self.context.db.read(unit).await;
        known.unwrap_or_else(|error| {
            tracing::warn!(consumer = &*self.context.consumer, id = record.id, %error, "the inbox cannot be read");
            false
        })
    }

    /// Parks an event that failed: until the next attempt, or as a dead letter.
    async fn park_failed(
        self: &Arc<Self>,
        record: &Arc<Record>,
        attempt: u32,
        is_live: bool,
        failure: Failure,
    ) {
        let context = &self.context;
        let is_dead = failure.is_final || attempt >= context.settings.retry.attempts;
        let (consumer, id, kind) = (&*context.consumer, &record.id, &record.kind);
        if is_dead {
            tracing::error!(
                consumer,
                id,
                kind,
                attempt,
                reason = failure.reason,
                "a dead letter"
            );
            context.metrics.count(Outcome::Dead);
        } else {
            tracing::warn!(
                consumer,
                id,
                kind,
                attempt,
                reason = failure.reason,
                "an event failed"
            );
            context.metrics.count(Outcome::Failed);
        }
        let due_at = if is_dead {
            NEVER
        } else {
            context.clock.now().plus(self.pause(attempt))
        };
        let parking = Parking {
            attempts: attempt,
            reason: failure.reason,
            due_at,
            is_dead,
        };
        // Before the next event of the key is looked at.
        self.state().parked.insert(record.chain.clone(), NEVER);
        self.park(record, is_live, parking).await;
        self.look_again(&record.chain, due_at);
    }

    fn pause(&self, attempt: u32) -> Duration {
        let retry = &self.context.settings.retry;
        let backoff = Backoff {
            first: retry.first_pause,
            longest: retry.longest_pause,
        };
        backoff.pause(attempt, u16::from_le_bytes(self.context.ids.random()))
    }

    async fn park(self: &Arc<Self>, record: &Arc<Record>, is_live: bool, parking: Parking) {
        let (done, wait) = oneshot::channel();
        self.submit(Entry {
            record: record.clone(),
            is_live,
            action: Action::Park(parking, done),
        });
        // Dropped when the processor is over, and then it does not matter.
        let _ = wait.await;
    }

    /// Notes an event as done for which nothing was to be done.
    async fn forget(self: &Arc<Self>, record: &Arc<Record>, is_live: bool) {
        let (done, wait) = oneshot::channel();
        self.submit(Entry {
            record: record.clone(),
            is_live,
            action: Action::Forget(done),
        });
        let _ = wait.await;
    }
}

async fn work(mut guard: WorkerGuard, mut job: (Arc<Chain>, Job)) {
    let processor = guard.processor.clone();
    loop {
        match &job {
            (_, Job::Event(record)) => processor.deliver(record).await,
            (chain, Job::Retry) => processor.retry(chain).await,
        }
        processor.end_job(&job.0);
        let mut state = processor.state();
        // Under the lock, so that nothing becomes ready without a worker.
        let Some(next) = processor.next_job(&mut state) else {
            state.workers -= 1;
            guard.left = true;
            break;
        };
        job = next;
    }
    processor.context.wake.notify_one();
}

/// Runs a handler for at most so long, but does not interrupt the writing of its effect.
async fn within<F: Future + Unpin>(limit: Duration, stage: &StageCell, mut running: F) -> Option<F::Output> {
    loop {
        match tokio::time::timeout(limit, &mut running).await {
            Ok(ended) => return Some(ended),
            Err(_) if stage.is(Stage::Applying) => {}
            Err(_) => return None,
        }
    }
}

type Ended = Option<std::thread::Result<Result<(), Failure>>>;

fn failure_of(ended: Ended, limit: Duration) -> Option<Failure> {
    match ended {
        Some(Ok(Ok(()))) => None,
        Some(Ok(Err(failure))) => Some(failure),
        Some(Err(panic)) => Some(Failure::again(format_args!(
            "the handler panicked: {}",
            panic_text(&*panic)
        ))),
        None => Some(Failure::again(format_args!(
            "the handler ran for longer than {limit:?}"
        ))),
    }
}
