//! Paying back.

use aws_lc_rs::digest;
use kit_runtime::Timestamp;
use kit_values::{Currency, Money, Uuid};
use orders_api::{PaymentId, RefundId};
use payments_api::{PaymentRefunded, RefundStatus, RefundView, StaffRefundView};

use super::Payment;
use super::attempt::next_look;

/// A refund as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub amount_minor: i64,
    pub status: RefundStatus,
    pub reason: Option<String>,
    /// When the provider is asked next, and how often it was.
    pub next_look_at: Timestamp,
    pub looks: i64,
    pub at: Timestamp,
}

/// What a provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundOutcome {
    /// It has paid back.
    Succeeded,
    /// It will not.
    Refused { reason: String },
    /// It did not say.
    Unknown,
}

/// What a provider's answer makes of a refund and its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundSettlement {
    pub payment: Payment,
    pub refund: Refund,
    /// Where it was paid back.
    pub event: Option<PaymentRefunded>,
}

impl Refund {
    pub(super) fn new(id: RefundId, payment: &Payment, amount_minor: i64, now: Timestamp) -> Self {
        Self {
            id,
            payment_id: payment.id,
            amount_minor,
            status: RefundStatus::Pending,
            reason: None,
            next_look_at: now,
            looks: 0,
            at: now,
        }
    }

    /// The refund of what is left of a payment that is given up: named by the payment, so that there is one.
    pub(crate) fn of_rest(payment: PaymentId) -> RefundId {
        Uuid::from(payment).into()
    }

    /// The provider's idempotency key.
    pub(crate) fn key(id: RefundId) -> String {
        id.to_string()
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }

    /// What the provider's answer makes of it; none where it is settled, or there is no answer.
    pub(crate) fn settle(
        mut self,
        mut payment: Payment,
        outcome: RefundOutcome,
        at: Timestamp,
    ) -> Option<RefundSettlement> {
        if !self.is_pending() {
            return None;
        }
        let event = match outcome {
            RefundOutcome::Unknown => return None,
            RefundOutcome::Refused { reason } => {
                (self.status, self.reason) = (RefundStatus::Failed, Some(reason));
                payment.refunding_minor -= self.amount_minor;
                None
            }
            RefundOutcome::Succeeded => {
                self.status = RefundStatus::Succeeded;
                payment.refunded_minor += self.amount_minor;
                payment.version += 1;
                Some(PaymentRefunded {
                    payment_id: payment.id,
                    version: payment.version,
                    order_id: payment.payable.order_id(),
                    invoice_id: payment.payable.invoice_id(),
                    user_id: payment.user_id,
                    amount: payment.amount(),
                    refund_id: self.id,
                    refund_amount: payment.money(self.amount_minor),
                    refunded: payment.money(payment.refunded_minor),
                    timestamp: at,
                })
            }
        };
        self.at = at;
        Some(RefundSettlement {
            payment,
            refund: self,
            event,
        })
    }

    /// It is looked at now; the next time is later each time.
    pub(crate) fn looked_at(&mut self, now: Timestamp) {
        self.next_look_at = next_look(self.looks, now);
        self.looks += 1;
    }

    /// The refund that a request of this key asks for: the same however often it is sent.
    pub(crate) fn of_request(payment: PaymentId, request_key: &str) -> RefundId {
        let digest = digest::digest(&digest::SHA256, format!("{payment}:{request_key}").as_bytes());
        let bytes = digest.as_ref().first_chunk::<16>().copied().unwrap_or_default();
        Uuid::from_bytes(bytes).into()
    }

    pub(crate) fn staff_view(&self, currency: Currency) -> StaffRefundView {
        StaffRefundView {
            id: self.id,
            amount: Money {
                amount_minor: self.amount_minor,
                currency,
            },
            status: self.status,
            reason: self.reason.clone(),
            at: self.at,
        }
    }

    pub(crate) fn view(&self, amount: Money) -> RefundView {
        RefundView {
            refund_id: self.id,
            amount,
            status: self.status,
        }
    }
}
