//! The types that go through the routes, the contract and the events.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Sku, Text, typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A subscription; for its adapter also the name of the service instance.
    pub struct SubscriptionId("sub_");
}

typed_id! {
    /// An invoice.
    pub struct InvoiceId("inv_");
}

/// The name of an adapter, such as `s3`.
pub type AdapterName = Text<32, 1>;

words! {
    /// How a subscription stands with its money.
    pub enum SubscriptionStatus {
        /// Its first invoice is not paid yet.
        Incomplete = "incomplete",
        /// Its period is paid.
        Active = "active",
        /// An invoice is overdue.
        PastDue = "past_due",
        /// It was given up by its owner.
        Cancelled = "cancelled",
        /// It was not paid.
        Expired = "expired",
    }
}

words! {
    /// How the service stands that a subscription is for.
    pub enum ProvisioningStatus {
        /// Nothing is provisioned yet.
        None = "none",
        /// It is being provisioned.
        Pending = "pending",
        /// It can be used.
        Active = "active",
        /// It is kept and cannot be used.
        Suspended = "suspended",
        /// It is gone.
        Deprovisioned = "deprovisioned",
        /// It could not be provisioned.
        Failed = "failed",
    }
}

words! {
    /// Why a subscription is over.
    pub enum EndReason {
        /// Its owner, or an admin, asked for it.
        Requested = "requested",
        /// It was to end with the period that was paid.
        PeriodEnded = "period_ended",
        /// An invoice was not paid in time.
        NotPaid = "not_paid",
        /// The payment of its first invoice has failed.
        PaymentFailed = "payment_failed",
        /// Its service could not be provisioned; what was paid is paid back.
        ProvisioningFailed = "provisioning_failed",
    }
}

/// A period that is, or was, paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

/// A subscription as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SubscriptionView {
    /// The subscription.
    pub id: SubscriptionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The adapter that provisions it.
    pub adapter: AdapterName,
    /// The plan.
    pub sku: Sku,
    /// How it stands with its money.
    pub status: SubscriptionStatus,
    /// What is paid for; null before the first payment.
    pub current_period: Option<Period>,
    /// Whether it ends with its period.
    pub cancel_at_period_end: bool,
    /// How its service stands.
    pub provisioning: ProvisioningStatus,
    /// Its newest invoice.
    pub latest_invoice_id: InvoiceId,
}
