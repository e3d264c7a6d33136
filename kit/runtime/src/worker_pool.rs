//! A bounded pool of threads for work that takes a processor for a while: hashes of passwords, pictures.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use thiserror::Error;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full; the caller may come back in a moment.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("too many jobs are waiting")]
pub struct Busy;

/// Threads that take jobs from one bounded queue and end when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct WorkerPool {
    queue: SyncSender<Job>,
}

impl WorkerPool {
    /// Starts `threads` threads, which a debugger shows by this name, before a queue of `waiting` jobs.
    pub fn start(name: &str, threads: usize, waiting: usize) -> io::Result<Self> {
        let (queue, jobs) = sync_channel::<Job>(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = jobs.clone();
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Runs a job; refuses at once where the queue is full. A job whose caller has gone is skipped.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !answer.is_closed() {
                // The caller may go while the job runs; then nobody wants the answer.
                drop(answer.send(job()));
            }
        });
        match self.queue.try_send(job) {
            Ok(()) => wait.await.map_err(|_| Busy),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A job that panics drops its answer, which its caller sees as a refusal; the thread goes on.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a job panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let pool = WorkerPool::start("test", 1, 1).unwrap();
        let (started, has_started) = channel();
        let (release, held) = channel::<()>();
        let running = pool.run(move || {
            started.send(()).unwrap();
            held.recv().unwrap();
            1
        });
        let mut running = Box::pin(running);
        assert!(futures_pending(&mut running).await);
        has_started.recv().unwrap();
        let mut waiting = Box::pin(pool.run(|| 2));
        assert!(futures_pending(&mut waiting).await);
        assert_eq!(pool.run(|| 3).await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!((running.await, waiting.await), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_and_no_thread() {
        let pool = WorkerPool::start("test", 1, 1).unwrap();
        assert_eq!(pool.run(|| panic!("on purpose")).await, Err::<(), _>(Busy));
        assert_eq!(pool.run(|| 4).await, Ok(4));
    }

    /// Polls once and tells whether the future is still pending.
    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|cx| {
            let pending = std::pin::Pin::new(&mut *future).poll(cx).is_pending();
            std::task::Poll::Ready(pending)
        })
        .await
    }
}
