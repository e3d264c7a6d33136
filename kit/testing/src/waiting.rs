//! Waiting for what happens by itself, with an end.

use std::time::Duration;

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(5);
/// Whoever has waited this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns once `probe` gives a value.
///
/// # Panics
/// When it has given none for half a minute.
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
