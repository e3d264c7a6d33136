//! Money over the years, by a clock of the test's own.

use std::time::Duration;

use kit_runtime::Timestamp;
use kit_values::Uuid;
use proptest::prelude::*;
use subscriptions_api::{EndReason, InvoiceId, SubscriptionStatus};

use super::{Billing, BillingEffect, BillingEvent, BillingTimes, OpenInvoice, Timer, Wanted};

const DAY: Duration = Duration::from_hours(24);

fn times() -> BillingTimes {
    BillingTimes {
        first_payment: Duration::from_hours(23),
        renewal_lead: DAY * 7,
        dunning: [2, 5, 7, 7].map(|days| DAY * days).to_vec(),
        grace: DAY * 7,
        retention: DAY * 30,
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

fn invoice(number: u128, due_at: Timestamp) -> OpenInvoice {
    OpenInvoice {
        id: InvoiceId::from(Uuid::from_u128(number)),
        due_at,
    }
}

/// Money, and a clock.
struct Story {
    billing: Billing,
    now: Timestamp,
    issued: u128,
    said: Vec<(Timestamp, BillingEffect)>,
}

impl Story {
    fn begin(start: Timestamp, duration_days: u32) -> Self {
        let first = invoice(1, start.plus(times().first_payment));
        Self {
            billing: Billing::begin(duration_days, first),
            now: start,
            issued: 1,
            said: Vec::new(),
        }
    }

    fn happens(&mut self, event: BillingEvent) -> bool {
        let Some((billing, effects)) = self.billing.apply(event, self.now) else {
            return false;
        };
        self.billing = billing;
        self.said
            .extend(effects.into_iter().map(|effect| (self.now, effect)));
        self.holds();
        true
    }

    /// Lets the next timer ring; whether there was one before `until`.
    fn rings(&mut self, until: Timestamp) -> Option<Timer> {
        let (timer, due_at) = self
            .billing
            .timer(&times())
            .filter(|(_, due_at)| *due_at <= until)?;
        self.now = self.now.max(due_at);
        let event = match timer {
            Timer::IssueRenewal => {
                self.issued += 1;
                let due_at = times().renewal_due(self.billing.current_period().unwrap(), self.now);
                BillingEvent::Issued(invoice(self.issued, due_at))
            }
            timer => BillingEvent::Rang(timer),
        };
        assert!(self.happens(event), "{timer:?} rings in vain: {:?}", self.billing);
        Some(timer)
    }

    fn passes(&mut self, until: Timestamp) -> Vec<Timer> {
        let mut rung = Vec::new();
        while let Some(timer) = self.rings(until) {
            rung.push(timer);
            assert!(rung.len() < 10_000, "it rings for ever");
        }
        self.now = self.now.max(until);
        rung
    }

    /// What is true at every moment.
    fn holds(&self) {
        let Billing {
            status,
            wanted,
            open_invoice,
            anchor,
            ..
        } = self.billing;
        let is_over = matches!(
            status,
            SubscriptionStatus::Cancelled | SubscriptionStatus::Expired
        );
        assert_eq!(is_over, self.billing.ended_at.is_some());
        assert_eq!(is_over, self.billing.end_reason.is_some());
        assert!(
            !(is_over && open_invoice.is_some()),
            "something is owed though it is over"
        );
        assert_eq!(
            anchor.is_none(),
            wanted == Wanted::Nothing,
            "what is paid is wanted"
        );
        assert_eq!(
            status == SubscriptionStatus::PastDue,
            self.billing.past_due_at.is_some() && !is_over
        );
        match status {
            SubscriptionStatus::Incomplete => assert!(open_invoice.is_some()),
            SubscriptionStatus::Active => assert_eq!(wanted, Wanted::Running),
            SubscriptionStatus::PastDue => assert!(open_invoice.is_some() && wanted != Wanted::Gone),
            SubscriptionStatus::Cancelled | SubscriptionStatus::Expired => {
                assert_ne!(wanted, Wanted::Running);
            }
        }
    }
}

#[test]
fn what_is_always_paid_goes_on_through_month_ends_and_a_leap_day() {
    let mut story = Story::begin(at("2031-10-31"), 30);
    assert!(story.happens(BillingEvent::Paid));
    let mut starts = Vec::new();
    while story.now < at("2032-10-31") {
        let period = story.billing.current_period().unwrap();
        starts.push(period.start);
        assert_eq!(story.rings(period.end), Some(Timer::IssueRenewal));
        assert_eq!(story.now, period.end.minus(DAY * 7));
        assert_eq!(story.billing.open_invoice.unwrap().due_at, period.end);
        assert!(story.happens(BillingEvent::Paid));
        assert_eq!(story.billing.current_period(), Some(period), "it was paid early");
        assert_eq!(story.rings(period.end), Some(Timer::BeginPeriod));
        assert_eq!(story.now, period.end);
    }
    let expected = [
        "2031-10-31",
        "2031-11-30",
        "2031-12-31",
        "2032-01-31",
        "2032-02-29",
        "2032-03-31",
        "2032-04-30",
        "2032-05-31",
        "2032-06-30",
        "2032-07-31",
        "2032-08-31",
        "2032-09-30",
    ];
    assert_eq!(starts, expected.map(at));
    assert_eq!(story.issued, 13);
}

#[test]
fn what_is_not_paid_is_reminded_suspended_ended_and_taken_away() {
    let mut story = Story::begin(at("2030-01-01"), 30);
    assert!(story.happens(BillingEvent::Paid));
    let due = at("2030-02-01");
    story.passes(at("2031-01-01"));
    let after = |days: u32| due.plus(DAY * days);
    let void = story
        .said
        .iter()
        .find_map(|(when, effect)| matches!(effect, BillingEffect::Void(_)).then_some(*when));
    assert_eq!(void, Some(after(21)));
    let told: Vec<_> = story.said[1..]
        .iter()
        .filter(|(_, effect)| !matches!(effect, BillingEffect::Void(_)))
        .collect();
    let expected = [
        (after(0), BillingEffect::PastDue(0)),
        (after(2), BillingEffect::PastDue(1)),
        (after(7), BillingEffect::PastDue(2)),
        (after(14), BillingEffect::PastDue(3)),
        (after(21), BillingEffect::Expired(EndReason::NotPaid)),
    ];
    assert!(told.iter().map(|said| **said).eq(expected), "{told:?}");
    assert_eq!(story.billing.wanted, Wanted::Gone);
}

#[test]
fn a_service_is_suspended_after_the_grace_and_gone_after_the_retention() {
    let mut story = Story::begin(at("2030-01-01"), 30);
    assert!(story.happens(BillingEvent::Paid));
    let due = at("2030-02-01");
    story.passes(due.plus(DAY * 7).minus(Duration::from_secs(1)));
    assert_eq!(story.billing.wanted, Wanted::Running);
    story.passes(due.plus(DAY * 7));
    assert_eq!(story.billing.wanted, Wanted::Suspended);
    story.passes(due.plus(DAY * 51).minus(Duration::from_secs(1)));
    assert_eq!(
        (story.billing.status, story.billing.wanted),
        (SubscriptionStatus::Expired, Wanted::Suspended)
    );
    assert_eq!(story.passes(due.plus(DAY * 51)), [Timer::Deprovision]);
    assert_eq!(story.billing.wanted, Wanted::Gone);
}

#[test]
fn what_is_paid_late_goes_on_from_the_anchor() {
    let mut story = Story::begin(at("2030-01-31"), 30);
    assert!(story.happens(BillingEvent::Paid));
    story.passes(at("2030-03-10"));
    assert_eq!(
        (story.billing.status, story.billing.wanted),
        (SubscriptionStatus::PastDue, Wanted::Suspended)
    );
    assert!(story.happens(BillingEvent::Paid));
    assert_eq!(
        (story.billing.status, story.billing.wanted),
        (SubscriptionStatus::Active, Wanted::Running)
    );
    let period = story.billing.current_period().unwrap();
    assert_eq!((period.start, period.end), (at("2030-02-28"), at("2030-03-31")));
}

#[test]
fn what_was_to_end_with_its_period_may_go_on_until_then() {
    let mut story = Story::begin(at("2030-01-01"), 30);
    assert!(story.happens(BillingEvent::Paid));
    story.passes(at("2030-01-26"));
    let open = story.billing.open_invoice.unwrap();
    assert!(story.happens(BillingEvent::CancelAtPeriodEnd));
    assert_eq!(
        story.said.last(),
        Some(&(story.now, BillingEffect::Void(open.id)))
    );
    assert!(
        !story.happens(BillingEvent::CancelAtPeriodEnd),
        "again changes nothing"
    );
    assert!(story.happens(BillingEvent::Resume));
    assert_eq!(story.rings(story.now), Some(Timer::IssueRenewal));
    assert!(story.happens(BillingEvent::CancelAtPeriodEnd));
    assert_eq!(story.passes(at("2030-02-01")), [Timer::EndPeriod]);
    assert_eq!(story.billing.end_reason, Some(EndReason::PeriodEnded));
    assert!(!story.happens(BillingEvent::Resume), "it is over");
}

#[test]
fn a_first_invoice_can_be_paid_for_23_hours() {
    let mut story = Story::begin(at("2030-01-01"), 30);
    let last = at("2030-01-01").plus(Duration::from_hours(23));
    assert_eq!(story.passes(last.minus(Duration::from_secs(1))), []);
    assert_eq!(story.passes(last), [Timer::GiveUp]);
    assert_eq!(
        (story.billing.status, story.billing.wanted),
        (SubscriptionStatus::Expired, Wanted::Nothing)
    );
    assert!(!story.happens(BillingEvent::Paid), "nothing revives it");
    assert_eq!(story.billing.timer(&times()), None);
}

#[test]
fn an_invoice_that_comes_late_leaves_time_to_pay() {
    let mut story = Story::begin(at("2030-01-01"), 30);
    assert!(story.happens(BillingEvent::Paid));
    // Nobody was there for two months.
    story.now = at("2030-03-01");
    assert_eq!(story.rings(story.now), Some(Timer::IssueRenewal));
    assert_eq!(story.billing.open_invoice.unwrap().due_at, at("2030-03-08"));
    assert_eq!(story.billing.status, SubscriptionStatus::Active);
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Passes(u32),
    Pays,
    CancelsNow,
    CancelsAtPeriodEnd,
    Resumes,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        6 => (1_u32..2_000).prop_map(Happening::Passes),
        4 => Just(Happening::Pays),
        1 => Just(Happening::CancelsAtPeriodEnd),
        1 => Just(Happening::Resumes),
        1 => prop::bool::weighted(0.3).prop_map(|now| if now { Happening::CancelsNow } else { Happening::Pays }),
    ];
    prop::collection::vec(one, 0..60)
}

proptest! {
    #[test]
    fn whatever_happens_it_ends_once_and_each_invoice_is_paid_or_void(
        duration_days in prop::sample::select(vec![1_u32, 7, 30, 90, 365]), happenings in happenings(),
    ) {
        let mut story = Story::begin(at("2030-01-31"), duration_days);
        for happening in happenings {
            match happening {
                Happening::Passes(hours) => {
                    let until = story.now.plus(Duration::from_hours(u64::from(hours)));
                    story.passes(until);
                }
                Happening::Pays => {
                    let before = story.billing;
                    if story.happens(BillingEvent::Paid) {
                        prop_assert!(before.open_invoice.is_some(), "only what is owed is paid");
                        prop_assert_eq!(story.billing.paid_periods, before.paid_periods + 1);
                        if before.anchor.is_some() {
                            prop_assert_eq!(before.anchor, story.billing.anchor, "the anchor stays");
                        }
                    }
                }
                Happening::CancelsNow => { story.happens(BillingEvent::CancelNow(EndReason::Requested)); }
                Happening::CancelsAtPeriodEnd => { story.happens(BillingEvent::CancelAtPeriodEnd); }
                Happening::Resumes => { story.happens(BillingEvent::Resume); }
            }
        }
        let ends = story.said.iter().filter(|(_, effect)| matches!(effect, BillingEffect::Cancelled(_) | BillingEffect::Expired(_)));
        let is_over = story.billing.ended_at.is_some();
        prop_assert_eq!(ends.count(), usize::from(is_over));
        let voided = story.said.iter().filter(|(_, effect)| matches!(effect, BillingEffect::Void(_))).count();
        let open = usize::from(story.billing.open_invoice.is_some());
        let paid = usize::try_from(story.billing.paid_periods).unwrap();
        prop_assert_eq!(paid + voided + open, usize::try_from(story.issued).unwrap());
    }
}
