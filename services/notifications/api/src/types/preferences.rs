//! How users want to be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NotificationKind;

/// How a user wants to be told of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferenceView {
    /// The kind of notification.
    pub kind: NotificationKind,
    /// Whether it is among their notifications.
    pub in_app: bool,
    /// Whether it comes by e-mail.
    pub email: bool,
}

/// How a user wants to be told. What concerns the security of an account is always sent, and is not among it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// One for each kind; where they are sent, kinds that are left out stay as they are.
    pub items: Vec<PreferenceView>,
}
