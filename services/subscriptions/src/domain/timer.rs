//! What happens to a subscription by itself, and when.

use std::time::Duration;

use kit_runtime::Timestamp;
use subscriptions_api::{Period, SubscriptionStatus};

use super::{Billing, Wanted};

/// Something that happens when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The first invoice was not paid: give it up.
    GiveUp,
    /// A period is over, and the next one is paid already.
    BeginPeriod,
    /// A period is over soon: issue the invoice of the next one.
    IssueRenewal,
    /// A period is over, and the subscription was to end with it.
    EndPeriod,
    /// An invoice was not paid in time.
    BecomePastDue,
    /// It still is not: remind the owner.
    Remind,
    /// It is not paid though the owner was reminded often enough.
    Expire,
    /// It was not paid for so long that the service is suspended.
    Suspend,
    /// A subscription is over for so long that its service goes away.
    Deprovision,
}

/// How long things may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BillingTimes {
    /// How long a first invoice can be paid.
    pub first_payment: Duration,
    /// How long before a period's end the next one's invoice is issued.
    pub renewal_lead: Duration,
    /// From when a subscription is past due to the first reminder, from that to the next, and so on; with the last of
    /// them it ends.
    pub dunning: Vec<Duration>,
    /// From when a subscription is past due until its service is suspended.
    pub grace: Duration,
    /// How long the service of a subscription that is over is kept.
    pub retention: Duration,
}

impl BillingTimes {
    /// How long before a period's end the next one's invoice is issued: of a short period, in its middle.
    pub(crate) fn lead(&self, period: Period) -> Duration {
        self.renewal_lead.min(period.end.since(period.start) / 2)
    }

    /// Until when an invoice is to be paid that is issued now for what comes after a period: its end, unless the invoice
    /// comes too late for that.
    pub(crate) fn renewal_due(&self, period: Period, now: Timestamp) -> Timestamp {
        if now < period.end {
            period.end
        } else {
            now.plus(self.lead(period))
        }
    }

    /// Until when it can be paid: as long as its owner is reminded.
    pub(crate) fn payable_until(&self, due_at: Timestamp) -> Timestamp {
        self.dunning.iter().fold(due_at, |at, gap| at.plus(*gap))
    }
}

impl Billing {
    /// What happens next by itself, and when.
    pub(crate) fn timer(&self, times: &BillingTimes) -> Option<(Timer, Timestamp)> {
        match self.status {
            SubscriptionStatus::Incomplete => Some((Timer::GiveUp, self.open_invoice?.due_at)),
            SubscriptionStatus::Active => self.active_timer(times),
            SubscriptionStatus::PastDue => self.past_due_timer(times),
            SubscriptionStatus::Cancelled | SubscriptionStatus::Expired => {
                let ended_at = self.ended_at.filter(|_| self.wanted == Wanted::Suspended)?;
                Some((Timer::Deprovision, ended_at.plus(times.retention)))
            }
        }
    }

    fn active_timer(&self, times: &BillingTimes) -> Option<(Timer, Timestamp)> {
        let period = self.current_period()?;
        Some(if self.paid_periods > self.current.saturating_add(1) {
            (Timer::BeginPeriod, period.end)
        } else if self.cancel_at_period_end {
            (Timer::EndPeriod, period.end)
        } else if let Some(invoice) = self.open_invoice {
            (Timer::BecomePastDue, invoice.due_at)
        } else {
            (Timer::IssueRenewal, period.end.minus(times.lead(period)))
        })
    }

    fn past_due_timer(&self, times: &BillingTimes) -> Option<(Timer, Timestamp)> {
        let since = self.past_due_at?;
        let index = usize::try_from(self.reminders).unwrap_or(usize::MAX);
        let gap = times.dunning.get(index).copied().unwrap_or_default();
        let what = if index + 1 < times.dunning.len() {
            Timer::Remind
        } else {
            Timer::Expire
        };
        let dunning = (what, self.reminded_at.unwrap_or(since).plus(gap));
        let suspend = (Timer::Suspend, since.plus(times.grace));
        let is_first = self.wanted == Wanted::Running && suspend.1 <= dunning.1;
        Some(if is_first { suspend } else { dunning })
    }
}
