//! Payments: what is owed for an order or an invoice, and how it was tried to pay it.

use std::fmt;

use kit_runtime::Timestamp;
use kit_values::{Money, words};
use orders_api::{OrderId, PaymentId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subscriptions_api::InvoiceId;

words! {
    /// How far a payment is.
    pub enum PaymentStatus {
        /// It can be paid.
        Open = "open",
        /// An attempt is under way, or waits for something that the payer has to do.
        Processing = "processing",
        /// It is paid.
        Succeeded = "succeeded",
        /// It ended without success.
        Failed = "failed",
        /// What it was for was given up before it was paid.
        Cancelled = "cancelled",
        /// It was not paid in time.
        Expired = "expired",
    }
}

words! {
    /// How far an attempt is.
    pub enum AttemptStatus {
        /// It is written down; the provider was not asked yet.
        Created = "created",
        /// The provider was asked.
        Dispatched = "dispatched",
        /// The provider charged the amount.
        Succeeded = "succeeded",
        /// The provider said no.
        Declined = "declined",
        /// The provider did not say in time what became of it, and is asked until it does.
        Unknown = "unknown",
    }
}

words! {
    /// Why a payment ended without success.
    pub enum FailureReason {
        /// It was declined as often as it may be.
        TooManyAttempts = "too_many_attempts",
    }
}

/// A payment as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PaymentView {
    /// The identifier of the payment.
    pub id: PaymentId,
    /// The order that it pays, where it pays one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The invoice that it pays, where it pays one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    /// What is owed.
    pub amount: Money,
    /// How much was paid back.
    pub refunded: Money,
    /// How far it is.
    pub status: PaymentStatus,
    /// What the payer has to do next, where there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_action: Option<NextAction>,
    /// How it was tried to pay it, first to last.
    pub attempts: Vec<AttemptView>,
    /// Until when it can be paid (UTC).
    pub expires_at: Timestamp,
    /// When it was opened (UTC).
    pub created_at: Timestamp,
}

/// What a payer has to do before an attempt goes on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct NextAction {
    /// Always `redirect`.
    #[serde(rename = "type")]
    pub kind: NextActionKind,
    /// Where the payer's browser has to go.
    pub url: String,
}

words! {
    /// Kinds of what a payer has to do.
    pub enum NextActionKind {
        /// Go to a page of the provider.
        Redirect = "redirect",
    }
}

/// An attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct AttemptView {
    /// Which attempt of the payment: the first is 1.
    pub number: i64,
    /// The provider that was asked.
    pub provider: String,
    /// How far it is.
    pub status: AttemptStatus,
    /// Why it was declined, or is unknown.
    pub reason: Option<String>,
    /// When it came to its status (UTC).
    pub at: Timestamp,
}

/// Asks to pay what is owed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayRequest {
    /// The payment; every open one where nothing is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// The order whose payment it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The invoice whose payment it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    /// With what; the provider's usual method where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod>,
}

/// With what is paid: a test card's number with `sandbox`, `pm_…` with `stripe`. It may be a card's number, so it is
/// never printed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PaymentMethod(pub String);

impl fmt::Debug for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<method>")
    }
}

/// What was asked to be paid, and is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PaymentsPaid {
    /// The payments, as they are now. One that needs something of the payer is `processing`.
    pub payments: Vec<PaymentView>,
    /// What those of them come to that are paid.
    pub amount_paid: Money,
}

words! {
    /// How far a refund is. A provider is asked until it has said what became of it.
    pub enum RefundStatus {
        /// It is written down, and under way.
        Pending = "pending",
        /// The amount was paid back.
        Succeeded = "succeeded",
        /// The provider refused it for good.
        Failed = "failed",
    }
}
