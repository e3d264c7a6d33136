//! Hosted checkout: a page of the provider on which something is paid; and what providers say by themselves.

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

/// The answer to a webhook that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WebhookReceived {
    /// Always true.
    pub received: bool,
}

/// A webhook of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxEvent {
    /// `charge.succeeded`, `charge.declined`, `charge.closed` or `refund.succeeded`.
    pub r#type: String,
    /// When it happened (UTC).
    pub timestamp: Timestamp,
    /// Of what.
    pub data: SandboxEventData,
}

/// The charge or refund that a webhook of the sandbox is of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxEventData {
    /// The idempotency key under which it was asked for.
    pub key: String,
    /// How much was charged, or paid back.
    pub amount: Money,
    /// Why it was declined or closed.
    pub reason: Option<String>,
}
