//! From start to stop: a soft stop that lets work finish, and a hard one that does not wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Readiness, Tasks};

/// How long a stop may take.
#[derive(Clone, Copy, Debug)]
pub struct ShutdownLimits {
    /// Not ready any more, but still serving, so that load balancers notice first.
    pub lame_duck: Duration,
    /// From the wish to stop to the hard stop.
    pub hard_stop: Duration,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Everything finished in time.
    Clean,
    /// The grace period ended, and something was cut off.
    Forced,
}

/// Owns the process's life: hand out [`Tasks`], then [`Lifecycle::run`] until a signal ends it.
#[derive(Debug, Default)]
pub struct Lifecycle {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
    pauses: Arc<Notify>,
}

impl Lifecycle {
    /// A process that has begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// The handle that starts tasks in this process.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(
            self.tracker.clone(),
            (self.soft.clone(), self.hard.clone()),
            self.pauses.clone(),
        )
    }

    /// Waits for `signal`, then stops: readiness is withdrawn, the lame-duck time passes, tasks are asked
    /// to end, and what has not ended by the limit is cut off. A second signal skips the waiting.
    pub async fn run(
        self,
        readiness: &Readiness,
        limits: ShutdownLimits,
        mut signal: impl AsyncFnMut(),
    ) -> Shutdown {
        signal().await;
        readiness.drain();
        tracing::info!("stopping");
        let second = signal();
        let orderly = async {
            tokio::time::sleep(limits.lame_duck).await;
            self.soft.cancel();
            self.tracker.close();
            tokio::time::timeout(limits.hard_stop, self.tracker.wait())
                .await
                .is_ok()
        };
        let clean = tokio::select! {
            clean = orderly => clean,
            () = second => false,
        };
        self.end().await;
        if clean { Shutdown::Clean } else { Shutdown::Forced }
    }

    /// Stops at once, for tests and for a start that failed half way.
    pub async fn end(&self) {
        self.soft.cancel();
        self.hard.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const LIMITS: ShutdownLimits = ShutdownLimits {
        lame_duck: Duration::from_secs(5),
        hard_stop: Duration::from_secs(25),
    };

    #[tokio::test(start_paused = true)]
    async fn a_soft_stop_lets_work_finish() {
        let (lifecycle, readiness) = (Lifecycle::new(), Readiness::new());
        let done = Arc::new(AtomicU32::new(0));
        let (tasks, seen) = (lifecycle.tasks(), done.clone());
        let stop = tasks.stop();
        tasks.spawn("worker", async move {
            stop.requested().await;
            tokio::time::sleep(Duration::from_secs(20)).await;
            seen.fetch_add(1, Ordering::SeqCst);
        });
        let mut signals = 0;
        let ended = lifecycle.run(&readiness, LIMITS, async || {
            signals += 1;
            if signals > 1 {
                std::future::pending::<()>().await;
            }
        });
        assert_eq!(ended.await, Shutdown::Clean);
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert!(readiness.report().await.draining);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_stops_at_once() {
        let (lifecycle, readiness) = (Lifecycle::new(), Readiness::new());
        lifecycle.tasks().spawn("stuck", std::future::pending());
        let ended = lifecycle.run(&readiness, LIMITS, async || {});
        assert_eq!(ended.await, Shutdown::Forced);
    }

    #[tokio::test(start_paused = true)]
    async fn repeated_work_pauses_where_there_is_nothing_to_do() {
        const PERIOD: Duration = Duration::from_mins(10);
        let lifecycle = Lifecycle::new();
        let (scope, begun) = (lifecycle.tasks().scope(), tokio::time::Instant::now());
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        let batches = Arc::new(AtomicU32::new(0));
        scope.tasks().repeat("batches", PERIOD, move || {
            let (report, batch) = (report.clone(), batches.fetch_add(1, Ordering::SeqCst));
            async move {
                report.send(begun.elapsed())?;
                Ok::<_, crate::TaskError>(batch < 2)
            }
        });
        for at in [Duration::ZERO, Duration::ZERO, Duration::ZERO, PERIOD, PERIOD * 2] {
            assert_eq!(reports.recv().await, Some(at));
        }
        // In the pause that has begun.
        tokio::task::yield_now().await;
        scope.tasks().end_pauses();
        assert_eq!(reports.recv().await, Some(PERIOD * 2));
        scope.stop().await;
        assert_eq!(reports.recv().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_scope_ends_before_the_process_and_is_waited_for() {
        let lifecycle = Lifecycle::new();
        let (scope, done) = (lifecycle.tasks().scope(), Arc::new(AtomicU32::new(0)));
        let (seen, stop) = (done.clone(), scope.tasks().stop());
        scope.tasks().spawn("worker", async move {
            stop.requested().await;
            tokio::time::sleep(Duration::from_secs(20)).await;
            seen.fetch_add(1, Ordering::SeqCst);
        });
        assert!(!scope.has_ended());
        scope.stop().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert!(scope.has_ended() && !lifecycle.tasks().stop().is_requested());
        // One that nobody has ended ends with the process.
        let other = lifecycle.tasks().scope();
        other.tasks().supervise("loop", async |stop| {
            stop.requested().await;
            Ok(())
        });
        lifecycle.end().await;
        assert!(other.has_ended());
    }

    #[tokio::test]
    async fn work_is_done_to_its_end_though_nobody_waits_for_it() {
        let lifecycle = Lifecycle::new();
        let tasks = lifecycle.tasks();
        assert_eq!(tasks.run_to_end("work", async { 7 }).await, Ok(7));
        let panicked = tasks.run_to_end("work", async { panic!("no result") }).await;
        assert_eq!(panicked, Err::<(), _>(crate::CutOff));
        let (done, wait) = tokio::sync::oneshot::channel();
        let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
        let work = tasks.run_to_end("work", async move {
            let is_told = waits.await.is_ok();
            done.send(is_told)
        });
        drop(work);
        assert!(go_on.send(()).is_ok());
        assert_eq!(wait.await, Ok(true));
        lifecycle.end().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_or_panics_is_started_again() {
        let lifecycle = Lifecycle::new();
        let runs = Arc::new(AtomicU32::new(0));
        let (seen, (finished, wait)) = (runs.clone(), tokio::sync::oneshot::channel());
        let mut finished = Some(finished);
        lifecycle.tasks().supervise("flaky", move |_| {
            let run = seen.fetch_add(1, Ordering::SeqCst);
            let last = if run == 2 { finished.take() } else { None };
            async move {
                match last {
                    Some(last) => last.send(()).map_err(|()| "nobody waits".into()),
                    None if run == 0 => Err("not yet".into()),
                    None => panic!("not yet either"),
                }
            }
        });
        assert!(wait.await.is_ok());
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}
