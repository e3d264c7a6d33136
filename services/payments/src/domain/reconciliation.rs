//! What a provider has of our payments, held against what we have.

use std::fmt;
use std::time::Duration;

use kit_runtime::Timestamp;
use kit_values::Money;
use payments_api::PaymentFlag;

use super::{ChargeOutcome, Payment};

/// How long whoever has taken a page may be at it.
const LEASE: Duration = Duration::from_mins(2);

/// After how long a provider that was away is asked again.
const PAUSE: Duration = Duration::from_secs(10);

/// What a provider has of one charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProviderBalance {
    pub outcome: ChargeOutcome,
    /// What it has paid back of it, in the smallest unit.
    pub refunded_minor: i64,
}

/// A charge as a provider lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedCharge {
    /// Our key.
    pub key: String,
    pub balance: ProviderBalance,
}

/// A page of the charges that a provider has made in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChargePage {
    pub charges: Vec<ListedCharge>,
    /// Where it goes on; none on the last page.
    pub next: Option<String>,
}

/// How often, and of how long a time, is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReconciliationRules {
    /// Between two passes.
    pub period: Duration,
    /// How far a pass looks back.
    pub window: Duration,
}

/// A pass over what a provider has made, page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reconciliation {
    pub provider: String,
    pub from_at: Timestamp,
    pub until_at: Timestamp,
    pub page_cursor: Option<String>,
    pub next_step_at: Timestamp,
    /// How many pages were taken.
    pub steps: i64,
}

impl Reconciliation {
    /// Of a provider that nothing was compared with yet.
    pub(crate) fn new(provider: &str, rules: ReconciliationRules, now: Timestamp) -> Self {
        Self {
            provider: provider.to_owned(),
            from_at: now,
            until_at: now,
            page_cursor: None,
            next_step_at: now.plus(rules.period),
            steps: 0,
        }
    }

    /// Takes the next page; none where it is not due.
    pub(crate) fn take(mut self, rules: ReconciliationRules, now: Timestamp) -> Option<Self> {
        if self.next_step_at > now {
            return None;
        }
        if self.page_cursor.is_none() {
            (self.from_at, self.until_at) = (now.minus(rules.window), now);
        }
        self.steps += 1;
        self.next_step_at = now.plus(LEASE);
        Some(self)
    }

    /// The provider is away: the same page is due again a while later.
    pub(crate) fn try_later(mut self, now: Timestamp) -> Self {
        self.next_step_at = now.plus(PAUSE);
        self
    }

    /// The page is done with; another one follows at once, or the next pass in its time.
    pub(crate) fn go_on(mut self, next: Option<String>, rules: ReconciliationRules, now: Timestamp) -> Self {
        let pause = if next.is_some() {
            Duration::ZERO
        } else {
            rules.period
        };
        (self.page_cursor, self.next_step_at) = (next, now.plus(pause));
        self
    }
}

impl fmt::Display for ProviderBalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            ChargeOutcome::Succeeded { amount } => {
                let refunded = Money {
                    amount_minor: self.refunded_minor,
                    ..*amount
                };
                write!(f, "charged {amount}, paid back {refunded}")
            }
            ChargeOutcome::Declined { .. } | ChargeOutcome::Closed { .. } => f.write_str("charged nothing"),
            ChargeOutcome::ActionRequired { .. } | ChargeOutcome::Unknown { .. } => {
                f.write_str("not decided")
            }
        }
    }
}

impl Payment {
    /// Flags a captured payment of which its provider has something else than we. `before` is ours as it was when the
    /// provider was asked: what has changed since may be in the provider's answer or not. None where they agree, or
    /// somebody has to look at it already.
    pub(crate) fn compare(mut self, before: &Self, balance: &ProviderBalance) -> Option<Self> {
        let amount = self.amount();
        let is_charged = balance.outcome == ChargeOutcome::Succeeded { amount };
        let is_paid_back = (before.refunded_minor..=self.refunding_minor).contains(&balance.refunded_minor);
        if self.captured_minor == 0 || self.flag.is_some() || is_charged && is_paid_back {
            return None;
        }
        self.flag = Some(PaymentFlag::ProviderDiffers);
        Some(self)
    }
}
