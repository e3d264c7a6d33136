//! Waiting for something that happens in another process: asking again, often, until a deadline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(5);

/// How long a story waits for what should take a moment.
pub const fn patience() -> Duration {
    Duration::from_mins(1)
}

/// Asks until there is an answer.
///
/// # Panics
/// When there is none within [`patience`].
#[track_caller]
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    match within(patience(), probe) {
        Some(seen) => seen,
        None => panic!("did not happen within {:?}: {what}", patience()),
    }
}

/// Asks until there is an answer, or the time is over.
pub fn within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        if let Some(seen) = probe() {
            return Some(seen);
        }
        if begin.elapsed() > limit {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Raises a flag when it goes out of scope, also with a panic: threads that go on until it is raised do not
/// outlive a story that failed.
pub struct Ending<'a>(&'a AtomicBool);

impl<'a> Ending<'a> {
    /// Of what goes on while this flag is down.
    #[must_use]
    pub const fn of(is_over: &'a AtomicBool) -> Self {
        Self(is_over)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
