//! A payment of an order or an invoice, from its opening to its end, and its refunds.
//!
//! What is owed (the payment) and how it was tried to pay it (its attempts) are two things. A payment ends once:
//! nothing brings one that has ended back. A success that comes when it is not expected any more is captured all the
//! same, because the provider has the money, and paid back at once.

use kit_http::Holder;
use kit_runtime::Timestamp;
use kit_token::{GuestTokenHash, UserId};
use kit_values::{Currency, Money, words};
use orders_api::{PaymentId, RefundId};
use payments_api::{
    AttemptStatus, FailureReason, NextAction, NextActionKind, Payable, PaymentCancelled, PaymentCreated,
    PaymentExpired, PaymentFailed, PaymentFlag, PaymentStatus, PaymentSucceeded, PaymentView,
    PaymentsRefusal,
};

use super::{Attempt, AttemptRequest, ChargeOutcome, PaymentDraft, Refund};

words! {
    /// Why a payment is not taken although an attempt is under way.
    pub(crate) enum GivenUp {
        /// What it is of was given up.
        Cancelled = "cancelled",
        /// Its time is over.
        Expired = "expired",
    }
}

/// How often a payment may be tried at all, checkouts that were closed again among them.
const MOST_ATTEMPTS: i64 = 100;

/// A payment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub id: PaymentId,
    pub payable: Payable,
    /// None of a guest.
    pub user_id: Option<UserId>,
    /// By what the token is known that opens it, of an order that a guest placed; also when it has become a user's.
    pub guest_token: Option<GuestTokenHash>,
    pub amount_minor: i64,
    pub currency: Currency,
    pub description: String,
    pub status: PaymentStatus,
    pub given_up: Option<GivenUp>,
    pub flag: Option<PaymentFlag>,
    /// Nothing, or the amount.
    pub captured_minor: i64,
    /// What was or will be paid back.
    pub refunding_minor: i64,
    /// What was paid back.
    pub refunded_minor: i64,
    /// How many attempts were made; the number of the last one.
    pub attempts: i64,
    /// How many of them were declined.
    pub declines: i64,
    /// How many events were published.
    pub version: i64,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

/// An event of a payment's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PaymentEvent {
    Created(PaymentCreated),
    Succeeded(PaymentSucceeded),
    Failed(PaymentFailed),
    Expired(PaymentExpired),
    Cancelled(PaymentCancelled),
}

/// Why an attempt was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotBegun {
    /// One is under way.
    Running,
    /// It has ended so.
    Ended(PaymentStatus),
    /// It was tried as often as it may be.
    TooMany,
}

/// A payment after something was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub payment: Payment,
    pub event: Option<PaymentEvent>,
    /// A refund that is due now.
    pub refund: Option<Refund>,
}

/// What a provider's answer makes of a payment and its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChargeSettlement {
    pub step: Step,
    pub attempt: Attempt,
    /// The provider has the money: to be posted.
    pub is_captured: bool,
    /// It has this, which is not taken: to be held.
    pub held: Option<Money>,
}

impl Payment {
    pub(crate) fn open(id: PaymentId, draft: &PaymentDraft, at: Timestamp) -> Step {
        let payment = Self {
            id,
            payable: draft.payable,
            user_id: draft.user_id,
            guest_token: draft.guest_token,
            amount_minor: draft.amount.amount_minor,
            currency: draft.amount.currency,
            description: draft.description.clone(),
            status: PaymentStatus::Open,
            given_up: None,
            flag: None,
            captured_minor: 0,
            refunding_minor: 0,
            refunded_minor: 0,
            attempts: 0,
            declines: 0,
            version: 0,
            expires_at: draft.expires_at,
            created_at: at,
        };
        payment.publishing(at)
    }

    pub(crate) const fn amount(&self) -> Money {
        self.money(self.amount_minor)
    }

    pub(crate) const fn money(&self, amount_minor: i64) -> Money {
        Money {
            amount_minor,
            currency: self.currency,
        }
    }

    /// Whether asking to open it again is the same request.
    pub(crate) fn is_of(&self, draft: &PaymentDraft) -> bool {
        let is_payer = match self.guest_token {
            // A guest's order may have become a user's since.
            Some(_) => self.guest_token == draft.guest_token,
            None => self.user_id == draft.user_id,
        };
        is_payer && self.amount() == draft.amount && self.expires_at == draft.expires_at
    }

    /// Whether whoever asks may pay it, and look at it.
    pub(crate) fn is_held_by(&self, holder: &Holder) -> bool {
        match holder {
            Holder::User(principal) => self.user_id == Some(principal.user_id),
            Holder::Guest(token) => self.guest_token == Some(*token),
        }
    }

    /// Begins an attempt.
    pub(crate) fn begin(
        mut self,
        request: AttemptRequest,
        now: Timestamp,
    ) -> Result<(Self, Attempt), NotBegun> {
        match self.status {
            PaymentStatus::Open if now >= self.expires_at => Err(NotBegun::Ended(PaymentStatus::Expired)),
            // It may be paid already.
            PaymentStatus::Open if self.flag.is_some() => Err(NotBegun::Running),
            PaymentStatus::Open if self.attempts >= MOST_ATTEMPTS => Err(NotBegun::TooMany),
            PaymentStatus::Open => {
                self.status = PaymentStatus::Processing;
                self.attempts += 1;
                let attempt = Attempt::new(&self, request, now);
                Ok((self, attempt))
            }
            PaymentStatus::Processing => Err(NotBegun::Running),
            status @ (PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled
            | PaymentStatus::Expired) => Err(NotBegun::Ended(status)),
        }
    }

    /// What a provider's answer makes of it; none where it changes nothing, because it comes again.
    pub(crate) fn settle(
        mut self,
        mut attempt: Attempt,
        outcome: &ChargeOutcome,
        (most_declines, now): (i64, Timestamp),
    ) -> Option<ChargeSettlement> {
        if attempt.is_over() {
            return self.settle_again(attempt, outcome, now);
        }
        // What somebody has to look at is not decided by what the provider says again.
        if self.is_disputed() || !attempt.take(outcome, self.amount(), now) {
            return None;
        }
        if attempt.status == AttemptStatus::Succeeded {
            return Some(self.capture(attempt, now));
        }
        let held = outcome.charged();
        if held.is_some() {
            self.flag = Some(PaymentFlag::AmountDiffers);
        }
        let is_declined = attempt.status == AttemptStatus::Declined;
        self.declines += i64::from(matches!(outcome, ChargeOutcome::Declined { .. }));
        let step = match self.given_up_at(now) {
            Some(why) if is_declined || self.is_disputed() => self.end(why.status(), now),
            None if is_declined && self.declines >= most_declines => self.end(PaymentStatus::Failed, now),
            None if is_declined => {
                self.status = PaymentStatus::Open;
                Step::silent(self)
            }
            Some(_) | None => Step::silent(self),
        };
        Some(ChargeSettlement {
            step,
            attempt,
            is_captured: false,
            held,
        })
    }

    /// The provider says something of an attempt that is over. It may have charged one that it had declined: that is
    /// taken where nothing else was or may yet be, and else somebody has to look at it.
    fn settle_again(
        mut self,
        mut attempt: Attempt,
        outcome: &ChargeOutcome,
        now: Timestamp,
    ) -> Option<ChargeSettlement> {
        let held = outcome.charged();
        if attempt.status == AttemptStatus::Succeeded || held.is_none() || self.flag.is_some() {
            return None;
        }
        let is_free = self.captured_minor == 0 && self.status != PaymentStatus::Processing;
        let mut charged = attempt.clone();
        charged.take(outcome, self.amount(), now);
        if is_free && charged.status == AttemptStatus::Succeeded {
            return Some(self.capture(charged, now));
        }
        self.flag = Some(PaymentFlag::ChargedAfterDecline);
        attempt.at = now;
        Some(ChargeSettlement {
            step: Step::silent(self),
            attempt,
            is_captured: false,
            held,
        })
    }

    /// The provider has the money: it is paid, or paid back where it had ended or was given up.
    fn capture(mut self, attempt: Attempt, now: Timestamp) -> ChargeSettlement {
        self.captured_minor = self.amount_minor;
        let step = match (self.status, self.given_up_at(now)) {
            (PaymentStatus::Open | PaymentStatus::Processing, None) => {
                self.end(PaymentStatus::Succeeded, now)
            }
            (PaymentStatus::Open | PaymentStatus::Processing, Some(why)) => {
                self.end(why.status(), now).refunding(now)
            }
            (
                PaymentStatus::Succeeded
                | PaymentStatus::Failed
                | PaymentStatus::Cancelled
                | PaymentStatus::Expired,
                _,
            ) => Step::silent(self).refunding(now),
        };
        ChargeSettlement {
            step,
            attempt,
            is_captured: true,
            held: None,
        }
    }

    /// Why it is not taken any more, if it is not.
    pub(super) fn given_up_at(&self, now: Timestamp) -> Option<GivenUp> {
        let is_late = now >= self.expires_at;
        self.given_up.or(is_late.then_some(GivenUp::Expired))
    }

    /// Whether its last attempt stays without an outcome until somebody has looked at it.
    pub(super) fn is_disputed(&self) -> bool {
        self.flag == Some(PaymentFlag::AmountDiffers)
    }

    /// It is not to be taken any more: ends one that is open, marks one that is under way, and pays back what is paid
    /// where it is `Cancelled`. None where that changes nothing.
    pub(crate) fn give_up(mut self, why: GivenUp, now: Timestamp) -> Option<Step> {
        match self.status {
            PaymentStatus::Open => Some(self.end(why.status(), now)),
            // Nothing else ends it.
            PaymentStatus::Processing if self.is_disputed() => Some(self.end(why.status(), now)),
            PaymentStatus::Processing if self.given_up.is_none() => {
                self.given_up = Some(why);
                Some(Step::silent(self))
            }
            PaymentStatus::Succeeded if why == GivenUp::Cancelled => {
                let step = Step::silent(self).refunding(now);
                step.refund.is_some().then_some(step)
            }
            PaymentStatus::Processing
            | PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled
            | PaymentStatus::Expired => None,
        }
    }

    /// What can still be paid back.
    pub(crate) const fn refundable(&self) -> Money {
        self.money(self.captured_minor - self.refunding_minor)
    }

    /// Begins to pay back.
    pub(crate) fn refund(
        mut self,
        id: RefundId,
        amount: Money,
        now: Timestamp,
    ) -> Result<(Self, Refund), PaymentsRefusal> {
        if self.captured_minor == 0 {
            return Err(PaymentsRefusal::NotPaid);
        }
        let most = self.refundable();
        if amount.amount_minor > most.amount_minor {
            return Err(PaymentsRefusal::RefundExceedsPayment { most });
        }
        self.refunding_minor += amount.amount_minor;
        let refund = Refund::new(id, &self, amount.amount_minor, now);
        Ok((self, refund))
    }

    /// As its owner sees it, with its attempts from first to last.
    pub(crate) fn view(self, attempts: Vec<Attempt>) -> PaymentView {
        let is_running = self.status == PaymentStatus::Processing && self.given_up.is_none();
        let url = attempts.last().and_then(|attempt| attempt.action_url.clone());
        PaymentView {
            id: self.id,
            order_id: self.payable.order_id(),
            invoice_id: self.payable.invoice_id(),
            amount: self.amount(),
            refunded: self.money(self.refunded_minor),
            status: self.status,
            next_action: url.filter(|_| is_running).map(|url| NextAction {
                kind: NextActionKind::Redirect,
                url,
            }),
            attempts: attempts.into_iter().map(Attempt::into).collect(),
            expires_at: self.expires_at,
            created_at: self.created_at,
        }
    }

    pub(super) fn end(mut self, status: PaymentStatus, at: Timestamp) -> Step {
        self.status = status;
        self.publishing(at)
    }

    /// With the event of its status.
    fn publishing(mut self, timestamp: Timestamp) -> Step {
        self.version += 1;
        let (payment_id, version) = (self.id, self.version);
        let (order_id, invoice_id) = (self.payable.order_id(), self.payable.invoice_id());
        let (user_id, amount, expires_at) = (self.user_id, self.amount(), self.expires_at);
        let event = match self.status {
            PaymentStatus::Open => Some(PaymentEvent::Created(PaymentCreated {
                payment_id,
                version,
                order_id,
                invoice_id,
                user_id,
                amount,
                expires_at,
                timestamp,
            })),
            PaymentStatus::Succeeded => Some(PaymentEvent::Succeeded(PaymentSucceeded {
                payment_id,
                version,
                order_id,
                invoice_id,
                user_id,
                amount,
                timestamp,
            })),
            PaymentStatus::Failed => Some(PaymentEvent::Failed(PaymentFailed {
                payment_id,
                version,
                order_id,
                invoice_id,
                user_id,
                amount,
                reason: FailureReason::TooManyAttempts,
                timestamp,
            })),
            PaymentStatus::Expired => Some(PaymentEvent::Expired(PaymentExpired {
                payment_id,
                version,
                order_id,
                invoice_id,
                user_id,
                amount,
                timestamp,
            })),
            PaymentStatus::Cancelled => Some(PaymentEvent::Cancelled(PaymentCancelled {
                payment_id,
                version,
                order_id,
                invoice_id,
                user_id,
                amount,
                timestamp,
            })),
            PaymentStatus::Processing => None,
        };
        Step {
            payment: self,
            event,
            refund: None,
        }
    }
}

impl GivenUp {
    pub(super) const fn status(self) -> PaymentStatus {
        match self {
            Self::Cancelled => PaymentStatus::Cancelled,
            Self::Expired => PaymentStatus::Expired,
        }
    }
}

impl Step {
    pub(super) fn silent(payment: Payment) -> Self {
        Self {
            payment,
            event: None,
            refund: None,
        }
    }

    /// With a refund of all that can still be paid back, where there is something.
    fn refunding(mut self, now: Timestamp) -> Self {
        let (id, rest) = (Refund::of_rest(self.payment.id), self.payment.refundable());
        if rest.amount_minor > 0
            && let Ok((payment, refund)) = self.payment.clone().refund(id, rest, now)
        {
            (self.payment, self.refund) = (payment, Some(refund));
        }
        self
    }
}

#[cfg(test)]
mod tests;
