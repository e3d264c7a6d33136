//! The RabbitMQ that `cargo xtask backends up` starts. A test without a server fails and says so.

use crate::db::target_folder;

/// The test server's URL, as `cargo xtask backends up` left it.
///
/// # Panics
/// When there is none.
#[expect(clippy::panic, reason = "a test without a server fails, and says what to do")]
#[must_use]
pub fn rabbitmq_url() -> String {
    let file = target_folder().join("backends/rabbitmq/url");
    match std::fs::read_to_string(&file) {
        Ok(url) => url.trim().to_owned(),
        Err(error) => panic!(
            "no RabbitMQ for tests: run `cargo xtask backends up` (`{}`: {error})",
            file.display()
        ),
    }
}
