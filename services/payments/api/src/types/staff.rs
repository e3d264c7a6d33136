//! Payments as staff see them.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, words};
use orders_api::RefundId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PaymentStatus, PaymentView, RefundStatus};

words! {
    /// What somebody has to look at.
    pub enum PaymentFlag {
        /// The provider charged another amount than is owed. It is never taken for paid.
        AmountDiffers = "amount_differs",
        /// The provider charged an attempt that it had declined before, while another was under way.
        ChargedAfterDecline = "charged_after_decline",
        /// The provider has charged or paid back something else than is written here.
        ProviderDiffers = "provider_differs",
    }
}

words! {
    /// What is done with money that a provider has charged and that is not taken for its payment.
    pub enum HeldStatus {
        /// It is to be paid back, and nobody has said so yet.
        Held = "held",
        /// It is being paid back.
        Returning = "returning",
        /// It was paid back.
        Returned = "returned",
    }
}

/// Money that a provider has charged and that is not taken for its payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct HeldChargeView {
    /// How much was charged.
    pub amount: Money,
    /// For which attempt of the payment.
    pub attempt: i64,
    /// What is done with it.
    pub status: HeldStatus,
    /// The refund that pays it back.
    pub refund_id: Option<RefundId>,
    /// Why the provider has refused to pay it back.
    pub reason: Option<String>,
    /// When it came to its status (UTC).
    pub at: Timestamp,
}

/// The query of `GET /admin/payments`, beside that of a page.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentFilter {
    /// Those of this status.
    pub status: Option<PaymentStatus>,
    /// Those of this user.
    pub user_id: Option<UserId>,
    /// Those that somebody has to look at, or the others.
    pub flagged: Option<bool>,
}

/// A payment with what only staff see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct StaffPaymentView {
    /// What its owner sees.
    #[serde(flatten)]
    pub payment: PaymentView,
    /// Who owes it; none where it was a guest.
    pub user_id: Option<UserId>,
    /// What for.
    pub description: String,
    /// How much was captured.
    pub captured: Money,
    /// What somebody has to look at, if anything.
    pub flag: Option<PaymentFlag>,
    /// What the provider says of it, where that is something else than is written here.
    pub difference: Option<String>,
    /// What was paid back, or is to be, first to last.
    pub refunds: Vec<StaffRefundView>,
    /// What the provider has charged and is not taken for the payment, first to last.
    pub held: Vec<HeldChargeView>,
}

/// A refund as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct StaffRefundView {
    /// The refund.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
    /// Why the provider refused it.
    pub reason: Option<String>,
    /// When it came to its status (UTC).
    pub at: Timestamp,
}

/// Asks to pay back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// How much; all that can still be paid back where it is not given. What is held is paid back first, and in whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}
