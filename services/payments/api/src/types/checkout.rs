//! Hosted checkout: a page of the provider on which something is paid.

use kit_runtime::Timestamp;
use kit_values::{Money, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks to open a checkout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCheckout {
    /// Where the payer goes afterwards: an address of the platform itself, or of a listed origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// An open checkout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CheckoutView {
    /// The page, for the payer's browser. Whoever has it may pay there, and nothing else.
    pub checkout_url: String,
    /// Until when it can be used (UTC).
    pub expires_at: Timestamp,
}

words! {
    /// How far a checkout is.
    pub enum CheckoutStatus {
        /// It can be paid.
        Open = "open",
        /// The payer has to confirm it.
        ActionRequired = "action_required",
        /// It is paid.
        Succeeded = "succeeded",
        /// It was declined.
        Declined = "declined",
        /// The payer, or whoever had opened it, gave it up.
        Closed = "closed",
        /// Its time is over.
        Expired = "expired",
    }
}

/// A checkout of the sandbox, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CheckoutPage {
    /// How far it is.
    pub status: CheckoutStatus,
    /// What is to be paid.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// Where the payer goes afterwards.
    pub return_url: Option<String>,
    /// Until when it can be used (UTC).
    pub expires_at: Timestamp,
}

words! {
    /// What the sandbox's page is asked to do.
    pub enum CheckoutAction {
        /// Pay.
        Approve = "approve",
        /// Decline.
        Decline = "decline",
        /// Ask the payer to confirm it first.
        RequireAction = "require_action",
        /// Confirm it.
        CompleteAction = "complete_action",
        /// Go away without paying.
        Abandon = "abandon",
    }
}

/// What is decided on the sandbox's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCheckout {
    /// What to do.
    pub action: CheckoutAction,
}

/// What became of a checkout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CheckoutDecided {
    /// How far it is.
    pub status: CheckoutStatus,
    /// Where the payer goes now.
    pub return_url: Option<String>,
}
