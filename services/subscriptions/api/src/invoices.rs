//! Invoices, as their owner sees them, and what is said of their payment.

use kit_runtime::Timestamp;
use kit_values::{Money, Quantity, Text, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{InvoiceId, Period, SubscriptionId};

/// An invoice's number as people say it, such as `INV-000001`; without gaps.
pub type InvoiceNumber = Text<24, 1>;

words! {
    /// How far an invoice is.
    pub enum InvoiceStatus {
        /// It is being written, and has no number yet.
        Draft = "draft",
        /// It can be paid.
        Open = "open",
        /// It is paid.
        Paid = "paid",
        /// Nothing is owed by it any more.
        Void = "void",
    }
}

/// An invoice. Its lines never change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct InvoiceView {
    /// The invoice.
    pub id: InvoiceId,
    /// Its number.
    pub number: InvoiceNumber,
    /// How far it is.
    pub status: InvoiceStatus,
    /// The subscription that it is of.
    pub subscription_id: SubscriptionId,
    /// What is owed for what.
    pub lines: Vec<InvoiceLineView>,
    /// What its lines come to.
    pub total: Money,
    /// When it was issued (UTC).
    pub issued_at: Timestamp,
    /// Until when it is to be paid (UTC).
    pub due_at: Timestamp,
    /// When it was paid (UTC).
    pub paid_at: Option<Timestamp>,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct InvoiceLineView {
    /// What for.
    pub description: String,
    /// How many.
    pub quantity: Quantity,
    /// What one costs.
    pub unit_price: Money,
    /// What all of them cost.
    pub amount: Money,
    /// For which period; null on a first invoice, whose period begins when it is paid.
    pub period: Option<Period>,
}

/// Asks to open a checkout of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutInvoice {
    /// Where the payer goes afterwards: an address of the platform itself, or of a listed origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// An open checkout of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct InvoiceCheckout {
    /// The page, for the payer's browser. Whoever has it may pay there, and nothing else.
    pub checkout_url: String,
    /// Until when it can be used (UTC).
    pub expires_at: Timestamp,
}

/// What is said of the payment of an invoice, signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceCallback {
    /// `payment.succeeded`.
    pub r#type: String,
    /// When it happened (UTC).
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// Of what.
    pub data: InvoiceCallbackData,
}

/// The payment that a callback is of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceCallbackData {
    /// The payment, as payments name it.
    pub payment_id: Text<64, 1>,
    /// The invoice that it pays.
    pub invoice_id: InvoiceId,
    /// How much was paid.
    pub amount: Money,
}

/// Where a callback says what it may.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackQuery {
    /// The secret of the callback, 43 characters.
    pub token: String,
}

/// The answer to a callback that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CallbackReceived {
    /// Always true.
    pub received: bool,
}
