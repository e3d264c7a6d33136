//! Everything that runs beside a request: named, supervised, and stopped with the process.

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use thiserror::Error;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why a supervised task ended; it is logged, and the task starts again.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

/// Work in a task of its own has no result: it panicked, which is in the log, or the process stops hard.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the work was cut off")]
pub struct CutOff;

/// Starts tasks that the process waits for when it stops. A cheap handle.
#[derive(Clone, Debug)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
    /// Of those that repeat their work.
    pauses: Arc<Notify>,
    /// Those that they are started in, the outermost first.
    scopes: Vec<TaskTracker>,
}

/// Tasks that end with the process, or together before it. A cheap handle.
#[derive(Clone, Debug)]
pub struct TaskScope {
    tasks: Tasks,
    tracker: TaskTracker,
}

/// A task's view of the process's end.
#[derive(Clone, Debug)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Returns once the process wants to stop: finish the work at hand and end.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Whether the process wants to stop.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for `span`, but not past a wish to stop; false when that came first.
    pub async fn sleep(&self, span: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(span) => true,
        }
    }
}

impl Tasks {
    pub(crate) fn new(
        tracker: TaskTracker,
        (soft, hard): (CancellationToken, CancellationToken),
        pauses: Arc<Notify>,
    ) -> Self {
        Self {
            tracker,
            soft,
            hard,
            pauses,
            scopes: Vec::new(),
        }
    }

    /// Makes a scope, in which tasks can be ended before the process is.
    pub fn scope(&self) -> TaskScope {
        let tracker = TaskTracker::new();
        let mut tasks = self.clone();
        tasks.soft = self.soft.child_token();
        tasks.scopes.push(tracker.clone());
        TaskScope { tasks, tracker }
    }

    /// The wish to stop, for code that is not a task of its own.
    pub fn stop(&self) -> Stop {
        Stop(self.soft.clone())
    }

    /// Runs a future to its end, or to the hard stop. A panic is logged and goes no further.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard.clone();
        let in_scopes: Vec<_> = self.scopes.iter().map(TaskTracker::token).collect();
        self.tracker.spawn(async move {
            let _in_scopes = in_scopes;
            tokio::select! {
                () = hard.cancelled() => {}
                ended = AssertUnwindSafe(work).catch_unwind() => {
                    if let Err(panic) = ended {
                        tracing::error!(task = name, panic = panic_text(&*panic), "a task panicked");
                    }
                }
            }
        });
    }

    /// As [`Tasks::spawn`], and gives the result to whoever waits for it: for work whose steps belong together, also where
    /// the caller goes away meanwhile. It begins at once.
    pub fn run_to_end<T, W>(
        &self,
        name: &'static str,
        work: W,
    ) -> impl Future<Output = Result<T, CutOff>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let work = async move {
            // The caller may have gone.
            let _ = reply.send(work.await);
        };
        self.spawn(name, work.in_current_span());
        async move { result.await.map_err(|_| CutOff) }
    }

    /// Runs a loop for as long as the process lives: when it fails or panics it is started again, after a
    /// pause that doubles up to ten seconds; when it returns `Ok` it has ended.
    pub fn supervise<F>(&self, name: &'static str, mut start: impl FnMut(Stop) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), TaskError>> + Send,
    {
        let stop = self.stop();
        self.spawn(name, async move {
            let mut pause = FIRST_PAUSE;
            while !stop.is_requested() {
                // The clock here measures how long a run lasted, which no test needs to steer.
                let started = tokio::time::Instant::now();
                match AssertUnwindSafe(start(stop.clone())).catch_unwind().await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => report(name, &error),
                    Err(panic) => report(name, &panic_text(&*panic)),
                }
                if started.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                if !stop.sleep(pause).await {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }

    /// Does a piece of work again and again for as long as the process lives, one full batch after the other: at once
    /// where it says that there was something to do, and after `period` where there was nothing. Where it fails it is
    /// started again as [`Tasks::supervise`] does.
    pub fn repeat<F, E>(
        &self,
        name: &'static str,
        period: Duration,
        work: impl Fn() -> F + Clone + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<bool, E>> + Send,
        E: Into<TaskError>,
    {
        self.repeat_woken(name, period, std::future::pending, work);
    }

    /// Ends the pauses of all that repeat their work, so that they look at once: the clock they go by was moved. Who is at
    /// work looks after the next pause.
    pub fn end_pauses(&self) {
        self.pauses.notify_waiters();
    }

    /// As [`Tasks::repeat`], but a pause also ends when `woken` does, which is called anew for each.
    pub fn repeat_woken<W, F, E>(
        &self,
        name: &'static str,
        period: Duration,
        woken: impl Fn() -> W + Clone + Send + Sync + 'static,
        work: impl Fn() -> F + Clone + Send + Sync + 'static,
    ) where
        W: Future<Output = ()> + Send,
        F: Future<Output = Result<bool, E>> + Send,
        E: Into<TaskError>,
    {
        let pauses = self.pauses.clone();
        self.supervise(name, move |stop| {
            let (woken, work, pauses) = (woken.clone(), work.clone(), pauses.clone());
            async move {
                while !stop.is_requested() {
                    if !work().await.map_err(Into::into)? {
                        tokio::select! {
                            _ = stop.sleep(period) => {}
                            () = woken() => {}
                            () = pauses.notified() => {}
                        }
                    }
                }
                Ok(())
            }
        });
    }
}

impl TaskScope {
    /// Starts tasks in the scope.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Asks the tasks to end, as they are asked when the process stops, and waits until they have.
    pub async fn stop(&self) {
        self.tasks.soft.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Whether the tasks were asked to end, and have.
    pub fn has_ended(&self) -> bool {
        self.tasks.soft.is_cancelled() && self.tracker.is_empty()
    }
}

fn report(name: &str, reason: &dyn Display) {
    tracing::error!(task = name, %reason, "a task failed and is started again");
}

/// The text of a caught panic, where it has one.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
