//! How users want to be told.

use kit_values::{given, given_or_null};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PhoneNumber;
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
    /// Whether it comes by SMS. Where it is left out of a request, it stays as it is: off, until somebody says otherwise.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub sms: Option<bool>,
}

/// How a user wants to be told. What concerns the security of an account is always sent, and is not among it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// One for each kind; where they are sent, kinds that are left out stay as they are.
    pub items: Vec<PreferenceView>,
    /// The number for SMS; null removes it, and left out of a request it stays as it is.
    #[serde(
        default,
        deserialize_with = "given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<PhoneNumber>")]
    pub phone: Option<Option<String>>,
}
