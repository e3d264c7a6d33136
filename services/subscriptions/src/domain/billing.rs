//! How a subscription stands with its money: everything that can happen to that, and where it leads. What the money
//! wants of the service is one word ([`Wanted`]); how far the service is with it, money does not know.

use kit_runtime::Timestamp;
use subscriptions_api::{EndReason, InvoiceId, Period, SubscriptionStatus};

use super::{Calendar, Timer, Wanted};

/// How a subscription stands with its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Billing {
    pub status: SubscriptionStatus,
    /// How long a period is.
    pub duration_days: u32,
    /// The moment of the first payment, from which periods are counted.
    pub anchor: Option<Timestamp>,
    /// How many periods are paid.
    pub paid_periods: u32,
    /// Which of them is the present one; the first is 0.
    pub current: u32,
    /// Whether it ends with the period that is paid.
    pub cancel_at_period_end: bool,
    /// The invoice that can be paid; there is at most one.
    pub open_invoice: Option<OpenInvoice>,
    /// Since when that is overdue.
    pub past_due_at: Option<Timestamp>,
    /// How often the owner was reminded of it.
    pub reminders: u32,
    /// When for the last time.
    pub reminded_at: Option<Timestamp>,
    /// When the subscription ended.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub end_reason: Option<EndReason>,
    /// What is to become of the service.
    pub wanted: Wanted,
}

/// An invoice that can be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenInvoice {
    pub id: InvoiceId,
    pub due_at: Timestamp,
}

/// Something that happens to a subscription's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BillingEvent {
    /// Its open invoice is paid.
    Paid,
    /// The invoice of the next period is issued.
    Issued(OpenInvoice),
    /// Its first invoice will not be paid.
    GivenUp(EndReason),
    /// A time has come.
    Rang(Timer),
    /// It is to end now.
    CancelNow(EndReason),
    /// It is to end with its period.
    CancelAtPeriodEnd,
    /// It is not to end with its period after all.
    Resume,
}

/// What follows from something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BillingEffect {
    /// The first period is paid.
    Activated(Period),
    /// Another period is paid.
    Renewed(Period),
    /// An invoice is overdue, and its owner was reminded so often.
    PastDue(u32),
    /// The subscription was given up.
    Cancelled(EndReason),
    /// It was not paid.
    Expired(EndReason),
    /// Nothing is owed by this invoice any more.
    Void(InvoiceId),
}

impl Billing {
    /// Of a subscription that was just begun, with its first invoice.
    pub(crate) fn begin(duration_days: u32, invoice: OpenInvoice) -> Self {
        Self {
            status: SubscriptionStatus::Incomplete,
            duration_days,
            anchor: None,
            paid_periods: 0,
            current: 0,
            cancel_at_period_end: false,
            open_invoice: Some(invoice),
            past_due_at: None,
            reminders: 0,
            reminded_at: None,
            ended_at: None,
            end_reason: None,
            wanted: Wanted::Nothing,
        }
    }

    /// The present period, where one was paid.
    pub(crate) fn current_period(&self) -> Option<Period> {
        Some(self.calendar()?.period(self.current))
    }

    /// The first period that is not paid.
    pub(crate) fn next_period(&self) -> Option<Period> {
        Some(self.calendar()?.period(self.paid_periods))
    }

    /// Until when it is paid.
    pub(crate) fn paid_until(&self) -> Option<Timestamp> {
        self.next_period().map(|next| next.start)
    }

    fn calendar(&self) -> Option<Calendar> {
        let duration_days = self.duration_days;
        self.anchor.map(|anchor| Calendar {
            anchor,
            duration_days,
        })
    }

    /// How it stands after something happened, and what follows; none where that cannot happen as it stands, because it
    /// comes too late or again.
    pub(crate) fn apply(&self, event: BillingEvent, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        match self.status {
            SubscriptionStatus::Incomplete => self.apply_incomplete(event, now),
            SubscriptionStatus::Active => self.apply_active(event, now),
            SubscriptionStatus::PastDue => self.apply_past_due(event, now),
            SubscriptionStatus::Cancelled | SubscriptionStatus::Expired => self.apply_over(event),
        }
    }

    fn apply_incomplete(&self, event: BillingEvent, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        match event {
            BillingEvent::Paid => {
                let active = Self {
                    status: SubscriptionStatus::Active,
                    anchor: Some(now),
                    paid_periods: 1,
                    open_invoice: None,
                    wanted: Wanted::Running,
                    ..*self
                };
                let period = active.current_period()?;
                Some((active, vec![BillingEffect::Activated(period)]))
            }
            BillingEvent::GivenUp(reason) => Some(self.end(SubscriptionStatus::Expired, reason, now)),
            BillingEvent::Rang(Timer::GiveUp) => {
                Some(self.end(SubscriptionStatus::Expired, EndReason::NotPaid, now))
            }
            // There is no period with which it could end.
            BillingEvent::CancelAtPeriodEnd => {
                Some(self.end(SubscriptionStatus::Cancelled, EndReason::Requested, now))
            }
            BillingEvent::CancelNow(reason) => Some(self.end(SubscriptionStatus::Cancelled, reason, now)),
            BillingEvent::Issued(_) | BillingEvent::Resume | BillingEvent::Rang(_) => None,
        }
    }

    fn apply_active(&self, event: BillingEvent, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        match event {
            BillingEvent::Paid => self.renew(now),
            BillingEvent::Issued(invoice) => {
                let may = self.open_invoice.is_none()
                    && !self.cancel_at_period_end
                    && self.paid_periods == self.current.saturating_add(1);
                let issued = Self {
                    open_invoice: Some(invoice),
                    ..*self
                };
                may.then_some((issued, Vec::new()))
            }
            BillingEvent::CancelAtPeriodEnd if self.cancel_at_period_end => None,
            BillingEvent::CancelAtPeriodEnd => {
                let ending = Self {
                    cancel_at_period_end: true,
                    open_invoice: None,
                    ..*self
                };
                Some((ending, self.voided()))
            }
            BillingEvent::Resume if self.cancel_at_period_end => Some((
                Self {
                    cancel_at_period_end: false,
                    ..*self
                },
                Vec::new(),
            )),
            BillingEvent::CancelNow(reason) => Some(self.end(SubscriptionStatus::Cancelled, reason, now)),
            BillingEvent::Rang(timer) => self.ring_active(timer, now),
            BillingEvent::Resume | BillingEvent::GivenUp(_) => None,
        }
    }

    fn ring_active(&self, timer: Timer, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        match timer {
            Timer::BeginPeriod => {
                let next = self.current.saturating_add(1);
                let begun = Self {
                    current: next,
                    ..*self
                };
                (self.paid_periods > next).then_some((begun, Vec::new()))
            }
            Timer::EndPeriod if self.cancel_at_period_end => {
                Some(self.end(SubscriptionStatus::Cancelled, EndReason::PeriodEnded, now))
            }
            Timer::BecomePastDue if self.open_invoice.is_some() => {
                let past_due = Self {
                    status: SubscriptionStatus::PastDue,
                    past_due_at: Some(now),
                    ..*self
                };
                Some((past_due, vec![BillingEffect::PastDue(0)]))
            }
            Timer::GiveUp
            | Timer::IssueRenewal
            | Timer::EndPeriod
            | Timer::BecomePastDue
            | Timer::Remind
            | Timer::Expire
            | Timer::Suspend
            | Timer::Deprovision => None,
        }
    }

    fn apply_past_due(&self, event: BillingEvent, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        match event {
            BillingEvent::Paid => self.renew(now),
            // Its period is over already.
            BillingEvent::CancelAtPeriodEnd => {
                Some(self.end(SubscriptionStatus::Cancelled, EndReason::Requested, now))
            }
            BillingEvent::CancelNow(reason) => Some(self.end(SubscriptionStatus::Cancelled, reason, now)),
            BillingEvent::Rang(Timer::Remind) => {
                let reminders = self.reminders.saturating_add(1);
                let reminded = Self {
                    reminders,
                    reminded_at: Some(now),
                    ..*self
                };
                Some((reminded, vec![BillingEffect::PastDue(reminders)]))
            }
            BillingEvent::Rang(Timer::Expire) => {
                Some(self.end(SubscriptionStatus::Expired, EndReason::NotPaid, now))
            }
            BillingEvent::Rang(Timer::Suspend) if self.wanted == Wanted::Running => Some((
                Self {
                    wanted: Wanted::Suspended,
                    ..*self
                },
                Vec::new(),
            )),
            BillingEvent::Issued(_)
            | BillingEvent::Resume
            | BillingEvent::GivenUp(_)
            | BillingEvent::Rang(_) => None,
        }
    }

    fn apply_over(&self, event: BillingEvent) -> Option<(Self, Vec<BillingEffect>)> {
        let may = event == BillingEvent::Rang(Timer::Deprovision) && self.wanted == Wanted::Suspended;
        may.then_some((
            Self {
                wanted: Wanted::Gone,
                ..*self
            },
            Vec::new(),
        ))
    }

    /// Another period is paid. It begins where the one before ends, however late it was paid.
    fn renew(&self, now: Timestamp) -> Option<(Self, Vec<BillingEffect>)> {
        self.open_invoice?;
        let period = self.next_period()?;
        let is_begun = period.start <= now;
        let renewed = Self {
            status: SubscriptionStatus::Active,
            paid_periods: self.paid_periods.saturating_add(1),
            current: if is_begun { self.paid_periods } else { self.current },
            open_invoice: None,
            past_due_at: None,
            reminders: 0,
            reminded_at: None,
            wanted: Wanted::Running,
            ..*self
        };
        Some((renewed, vec![BillingEffect::Renewed(period)]))
    }

    fn end(
        &self,
        status: SubscriptionStatus,
        reason: EndReason,
        now: Timestamp,
    ) -> (Self, Vec<BillingEffect>) {
        let ended = Self {
            status,
            cancel_at_period_end: false,
            open_invoice: None,
            ended_at: Some(now),
            end_reason: Some(reason),
            wanted: match self.wanted {
                Wanted::Nothing => Wanted::Nothing,
                _ if reason == EndReason::ProvisioningFailed => Wanted::Gone,
                Wanted::Running | Wanted::Suspended | Wanted::Gone => Wanted::Suspended,
            },
            ..*self
        };
        let mut effects = self.voided();
        effects.push(if status == SubscriptionStatus::Expired {
            BillingEffect::Expired(reason)
        } else {
            BillingEffect::Cancelled(reason)
        });
        (ended, effects)
    }

    fn voided(&self) -> Vec<BillingEffect> {
        self.open_invoice
            .map(|invoice| BillingEffect::Void(invoice.id))
            .into_iter()
            .collect()
    }
}
