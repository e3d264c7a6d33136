//! The RabbitMQ that `cargo xtask backends up` starts. A test without a server fails and says so.

use crate::backend::backend;

/// The test server's URL, as `cargo xtask backends up` left it.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn rabbitmq_url() -> String {
    backend("rabbitmq", "url")
}
