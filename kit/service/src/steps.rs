//! What a service does of its own accord, step by step.

use std::time::Duration;

use futures::future::join_all;
use kit_runtime::{TaskError, Tasks};

/// How many steps are done at once.
const AT_ONCE: u32 = 32;

/// A service that has steps to do: it takes those that are due, and does each.
pub trait StepWorker: Clone + Send + Sync + 'static {
    /// A step that was taken.
    type Due: Send;
    /// Why none could be taken.
    type Error: Into<TaskError> + Send;

    /// Returns when there may be something to do before it would be looked for.
    fn woken(&self) -> impl Future<Output = ()> + Send;

    /// Takes at most so many steps that are due.
    fn claim_due(&self, limit: u32) -> impl Future<Output = Result<Vec<Self::Due>, Self::Error>> + Send;

    /// Does a step, and writes down how that ended.
    fn run_step(&self, due: Self::Due) -> impl Future<Output = ()> + Send;
}

/// Does the steps of a service as they are due, and looks for them every `poll`.
///
/// Processes may do so side by side. A step is taken for a while; who takes it and is lost leaves it to whoever looks after
/// that. Steps are done at once and not one after the other.
pub fn start_steps<W: StepWorker>(tasks: &Tasks, name: &'static str, poll: Duration, worker: &W) {
    let (waiting, working) = (worker.clone(), worker.clone());
    let woken = move || {
        let worker = waiting.clone();
        async move { worker.woken().await }
    };
    tasks.repeat_woken(name, poll, woken, move || {
        let worker = working.clone();
        async move { run_due(&worker).await }
    });
}

/// Does steps that are due; whether there may be more.
async fn run_due<W: StepWorker>(worker: &W) -> Result<bool, W::Error> {
    let due = worker.claim_due(AT_ONCE).await?;
    let is_more = due.len() >= AT_ONCE as usize;
    join_all(due.into_iter().map(|step| worker.run_step(step))).await;
    Ok(is_more)
}
