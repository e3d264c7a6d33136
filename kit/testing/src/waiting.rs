//! Waiting for what happens by itself, with an end.

use std::time::Duration;

use kit_runtime::FakeClock;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(5);
/// How far a timer of the runtime may be behind its moment.
const TICK: Duration = Duration::from_millis(1);
/// Whoever has waited this long waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// Returns once `probe` gives a value.
///
/// # Panics
/// When it has given none for a minute.
#[expect(
    clippy::panic,
    reason = "a test that waits in vain must end, and say for what"
)]
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(PERIOD).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("it never came to this: {what}"))
}

/// Tells a story while time goes on, forty times as fast as outside, so that pauses and leases end.
pub async fn while_time_goes_on<T>(time: &FakeClock, story: impl Future<Output = T>) -> T {
    let going = async {
        loop {
            tokio::time::sleep(PERIOD).await;
            time.advance(40 * PERIOD);
        }
    };
    tokio::select! {
        told = story => told,
        () = going => std::future::pending().await,
    }
}

/// Lets so much of the runtime's time pass at once. Whatever waits for a moment within it has its moment, and the
/// test need not sit through a limit, nor set one so short that a busy machine does not keep to it.
///
/// Only what waits already is reached, so a test first waits for an event that says so.
///
/// # Panics
/// On a runtime of several threads, whose time is the system's.
pub async fn pass_time(span: Duration) {
    tokio::time::pause();
    tokio::time::advance(span + TICK).await;
    tokio::time::resume();
    // Whoever was woken goes first.
    tokio::task::yield_now().await;
}
