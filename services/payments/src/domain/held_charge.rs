//! Money that a provider has charged and that is not taken for its payment: it is held until it is paid back.

use kit_runtime::Timestamp;
use kit_values::{Currency, Money};
use orders_api::{PaymentId, RefundId};
use payments_api::{
    AttemptStatus, HeldChargeView, HeldStatus, PaymentStatus, PaymentsRefusal, RefundStatus, RefundView,
};

use super::attempt::next_look;
use super::{Attempt, Payment, RefundOutcome, Step};

/// A charge that is held, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldCharge {
    pub payment_id: PaymentId,
    /// The attempt that it was charged for.
    pub number: i64,
    pub amount_minor: i64,
    pub currency: Currency,
    pub status: HeldStatus,
    /// What it is paid back by.
    pub refund_id: Option<RefundId>,
    /// Why the provider has refused to pay it back.
    pub reason: Option<String>,
    /// When the provider is asked next, and how often it was.
    pub next_look_at: Timestamp,
    pub looks: i64,
    pub at: Timestamp,
}

impl HeldCharge {
    pub(crate) fn new(attempt: &Attempt, amount: Money, now: Timestamp) -> Self {
        Self {
            payment_id: attempt.payment_id,
            number: attempt.number,
            amount_minor: amount.amount_minor,
            currency: amount.currency,
            status: HeldStatus::Held,
            refund_id: None,
            reason: None,
            next_look_at: now,
            looks: 0,
            at: now,
        }
    }

    /// The provider's key of it.
    pub(crate) fn key(&self) -> String {
        Attempt::key_of(self.payment_id, self.number)
    }

    pub(crate) const fn amount(&self) -> Money {
        Money {
            amount_minor: self.amount_minor,
            currency: self.currency,
        }
    }

    /// Begins to pay it back, which is done in whole. The caller asks the provider itself.
    pub(crate) fn give_back(
        mut self,
        refund_id: RefundId,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Result<Self, PaymentsRefusal> {
        let held = self.amount();
        if amount.is_some_and(|amount| amount != held) {
            return Err(PaymentsRefusal::HeldInWhole { held });
        }
        (self.status, self.refund_id, self.at) = (HeldStatus::Returning, Some(refund_id), now);
        (self.reason, self.looks) = (None, 0);
        self.looked_at(now);
        Ok(self)
    }

    /// What the provider's answer makes of it; none where it is settled, or there is no answer.
    pub(crate) fn settle(mut self, outcome: RefundOutcome, now: Timestamp) -> Option<Self> {
        if self.status != HeldStatus::Returning {
            return None;
        }
        match outcome {
            RefundOutcome::Unknown => return None,
            RefundOutcome::Succeeded => self.status = HeldStatus::Returned,
            RefundOutcome::Refused { reason } => {
                (self.status, self.refund_id, self.reason) = (HeldStatus::Held, None, Some(reason));
            }
        }
        self.at = now;
        Some(self)
    }

    /// It is looked at now; the next time is later each time.
    pub(crate) fn looked_at(&mut self, now: Timestamp) {
        self.next_look_at = next_look(self.looks, now);
        self.looks += 1;
    }

    /// As whoever asked for the refund sees it.
    pub(crate) fn refund_view(&self, refund_id: RefundId) -> RefundView {
        let status = match self.status {
            HeldStatus::Held => RefundStatus::Failed,
            HeldStatus::Returning => RefundStatus::Pending,
            HeldStatus::Returned => RefundStatus::Succeeded,
        };
        RefundView {
            refund_id,
            amount: self.amount(),
            status,
        }
    }
}

impl From<HeldCharge> for HeldChargeView {
    fn from(held: HeldCharge) -> Self {
        Self {
            amount: held.amount(),
            attempt: held.number,
            status: held.status,
            refund_id: held.refund_id,
            reason: held.reason,
            at: held.at,
        }
    }
}

impl Payment {
    /// What was held of it is paid back, so that nobody has to look at it any more. An attempt that was left without an
    /// outcome ends, and the payment can be paid again where it has not ended.
    pub(crate) fn end_dispute(mut self, mut attempt: Attempt, now: Timestamp) -> (Step, Attempt) {
        let is_disputed = self.is_disputed();
        self.flag = None;
        if attempt.is_over() || !is_disputed {
            return (Step::silent(self), attempt);
        }
        let reason = attempt.reason.take().unwrap_or_default();
        attempt.reason = Some(format!("{reason}, and has paid it back"));
        (attempt.status, attempt.action_url, attempt.at) = (AttemptStatus::Declined, None, now);
        let step = match (self.status, self.given_up_at(now)) {
            (PaymentStatus::Processing, Some(why)) => self.end(why.status(), now),
            (PaymentStatus::Processing, None) => {
                self.status = PaymentStatus::Open;
                Step::silent(self)
            }
            (
                PaymentStatus::Open
                | PaymentStatus::Succeeded
                | PaymentStatus::Failed
                | PaymentStatus::Cancelled
                | PaymentStatus::Expired,
                _,
            ) => Step::silent(self),
        };
        (step, attempt)
    }
}
