//! What a service answers to who asks whether it runs, on its own port.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The health document of a service.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// Which service it is, such as `payment-service`.
    pub service: String,
    /// For people.
    pub message: String,
}

impl Health {
    /// Of a service that clients are told is called `display`.
    pub(crate) fn of(display: &str) -> Self {
        Self {
            status: "ok".to_owned(),
            service: format!("{}-service", display.to_ascii_lowercase()),
            message: format!("{display} service is running"),
        }
    }
}
