//! What a service answers to who asks whether it runs, on its own port.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

/// What stands in it, of a service that clients are told is called `display`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HealthText {
    display: &'static str,
}

impl HealthText {
    pub(crate) const fn of(display: &'static str) -> Self {
        Self { display }
    }

    pub(crate) fn document(self) -> Health {
        Health {
            status: "ok".to_owned(),
            service: format!("{}-service", self.display.to_ascii_lowercase()),
            message: format!("{} service is running", self.display),
        }
    }

    pub(crate) fn example(self) -> Value {
        json!(self.document())
    }
}
