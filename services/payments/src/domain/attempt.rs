//! An attempt to pay, and what a provider may say of it.

use std::time::Duration;

use kit_runtime::Timestamp;
use kit_values::Money;
use orders_api::PaymentId;
use payments_api::{AttemptStatus, AttemptView};

use super::Payment;

/// The first and the longest time until a provider is asked again.
const FIRST_LOOK: Duration = Duration::from_secs(30);
const LONGEST_LOOK: Duration = Duration::from_mins(10);

/// An attempt as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub payment_id: PaymentId,
    /// The payment's first is 1.
    pub number: i64,
    pub provider: String,
    pub status: AttemptStatus,
    pub reason: Option<String>,
    /// Where the payer has to go before it goes on.
    pub action_url: Option<String>,
    /// The request that made it.
    pub request_key: Option<String>,
    /// Whether its payer decides on a page of the provider's.
    pub is_hosted: bool,
    /// When the provider is asked next, and how often it was.
    pub next_look_at: Timestamp,
    pub looks: i64,
    pub at: Timestamp,
    /// When its provider has said the same of it, once it had succeeded.
    pub reconciled_at: Option<Timestamp>,
    /// What its provider has said of it that is something else than ours.
    pub difference: Option<String>,
}

/// How an attempt is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttemptRequest {
    /// The provider that is asked.
    pub provider: &'static str,
    /// The request that makes it.
    pub request_key: Option<String>,
    /// Whether the payer decides on a page of the provider's.
    pub is_hosted: bool,
}

/// What a provider says of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChargeOutcome {
    /// It has charged this.
    Succeeded { amount: Money },
    /// It has not, and will not.
    Declined { reason: String },
    /// It was given up before it was charged, and will not be.
    Closed { reason: String },
    /// The payer has to go there first.
    ActionRequired { url: String },
    /// It did not say.
    Unknown { reason: &'static str },
}

impl ChargeOutcome {
    pub(crate) const fn is_charged(&self) -> bool {
        self.charged().is_some()
    }

    /// What it has charged.
    pub(super) const fn charged(&self) -> Option<Money> {
        match self {
            Self::Succeeded { amount } => Some(*amount),
            Self::Declined { .. }
            | Self::Closed { .. }
            | Self::ActionRequired { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// Whether it is the last word, as far as the provider knows.
    pub(crate) const fn is_decided(&self) -> bool {
        match self {
            Self::Succeeded { .. } | Self::Declined { .. } | Self::Closed { .. } => true,
            Self::ActionRequired { .. } | Self::Unknown { .. } => false,
        }
    }
}

impl Attempt {
    pub(super) fn new(payment: &Payment, request: AttemptRequest, now: Timestamp) -> Self {
        Self {
            payment_id: payment.id,
            number: payment.attempts,
            provider: request.provider.to_owned(),
            status: AttemptStatus::Created,
            reason: None,
            action_url: None,
            request_key: request.request_key,
            is_hosted: request.is_hosted,
            next_look_at: now.plus(FIRST_LOOK),
            looks: 0,
            at: now,
            reconciled_at: None,
            difference: None,
        }
    }

    /// The provider's idempotency key: the same however often the provider is asked.
    pub(crate) fn key(&self) -> String {
        Self::key_of(self.payment_id, self.number)
    }

    pub(crate) fn key_of(payment_id: PaymentId, number: i64) -> String {
        format!("{payment_id}-{number}")
    }

    /// The payment and number of a key of ours.
    pub(crate) fn of_key(key: &str) -> Option<(PaymentId, i64)> {
        let (payment_id, number) = key.rsplit_once('-')?;
        Some((payment_id.parse().ok()?, number.parse().ok()?))
    }

    pub(crate) const fn is_over(&self) -> bool {
        match self.status {
            AttemptStatus::Succeeded | AttemptStatus::Declined => true,
            AttemptStatus::Created | AttemptStatus::Dispatched | AttemptStatus::Unknown => false,
        }
    }

    /// Whether it goes on by itself: nobody is waited for but the provider.
    pub(crate) const fn is_running(&self) -> bool {
        matches!(self.status, AttemptStatus::Created | AttemptStatus::Dispatched) && self.action_url.is_none()
    }

    /// Whether its payer is waited for.
    pub(crate) const fn waits_for_payer(&self) -> bool {
        !self.is_over() && self.action_url.is_some()
    }

    /// It is looked at now; the next time is later each time.
    pub(crate) fn looked_at(&mut self, now: Timestamp) {
        self.next_look_at = next_look(self.looks, now);
        self.looks += 1;
    }

    /// Takes what the provider says, where `amount` is what it was asked for; false where that is no news.
    pub(super) fn take(&mut self, outcome: &ChargeOutcome, amount: Money, at: Timestamp) -> bool {
        let (status, reason, action_url) = match outcome {
            ChargeOutcome::Succeeded { amount: charged } if *charged != amount => {
                let reason = format!("the provider charged {charged}");
                (AttemptStatus::Unknown, Some(reason), None)
            }
            ChargeOutcome::Succeeded { .. } => (AttemptStatus::Succeeded, None, None),
            ChargeOutcome::Declined { reason } | ChargeOutcome::Closed { reason } => {
                (AttemptStatus::Declined, Some(reason.clone()), None)
            }
            ChargeOutcome::ActionRequired { url } => (AttemptStatus::Dispatched, None, Some(url.clone())),
            ChargeOutcome::Unknown { reason } => (AttemptStatus::Unknown, Some((*reason).to_owned()), None),
        };
        let is_news = (self.status, &self.reason, &self.action_url) != (status, &reason, &action_url);
        if matches!(outcome, ChargeOutcome::Closed { .. }) {
            // Nobody has decided, so the request that made it may make another.
            self.request_key = None;
        }
        if is_news {
            (self.status, self.reason, self.action_url, self.at) = (status, reason, action_url, at);
        }
        is_news
    }
}

/// When something is looked at again that was looked at so often.
pub(super) fn next_look(looks: i64, now: Timestamp) -> Timestamp {
    let doublings = u32::try_from(looks).unwrap_or(u32::MAX).min(16);
    now.plus((FIRST_LOOK * 2_u32.pow(doublings)).min(LONGEST_LOOK))
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            provider: attempt.provider,
            status: attempt.status,
            reason: attempt.reason,
            at: attempt.at,
        }
    }
}
