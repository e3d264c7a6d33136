use std::time::Duration;

use kit_values::Uuid;
use orders_api::OrderId;
use payments_api::RefundStatus;
use proptest::prelude::*;

use super::*;
use crate::domain::RefundOutcome;

const MOST_DECLINES: i64 = 3;
const AMOUNT: i64 = 1_000;

fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_seconds(0).plus(Duration::from_secs(second))
}

fn opened(expires: u64) -> Payment {
    let draft = PaymentDraft {
        payable: OrderId::from(Uuid::max()).into(),
        user_id: None,
        guest_token: None,
        amount: usd(AMOUNT),
        description: String::new(),
        expires_at: at(expires),
        callback_url: None,
    };
    Payment::open(Uuid::max().into(), &draft, at(0)).payment
}

fn request() -> AttemptRequest {
    AttemptRequest {
        provider: "sandbox",
        request_key: None,
        is_hosted: false,
    }
}

fn charged(amount_minor: i64) -> ChargeOutcome {
    ChargeOutcome::Succeeded {
        amount: usd(amount_minor),
    }
}

fn declined() -> ChargeOutcome {
    ChargeOutcome::Declined {
        reason: "no".to_owned(),
    }
}

fn settle(
    payment: &Payment,
    attempt: &Attempt,
    outcome: &ChargeOutcome,
    now: u64,
) -> Option<ChargeSettlement> {
    payment
        .clone()
        .settle(attempt.clone(), outcome, (MOST_DECLINES, at(now)))
}

/// A payment whose first attempt was declined.
fn tried() -> (Payment, Attempt) {
    let (payment, attempt) = opened(100).begin(request(), at(1)).unwrap();
    let settled = settle(&payment, &attempt, &declined(), 2).unwrap();
    (settled.step.payment, settled.attempt)
}

#[test]
fn a_charge_after_its_decline_is_taken_where_nothing_else_was() {
    let (payment, attempt) = tried();
    assert_eq!(payment.status, PaymentStatus::Open);
    let late = settle(&payment, &attempt, &charged(AMOUNT), 3).unwrap();
    assert_eq!(
        (late.step.payment.status, late.is_captured),
        (PaymentStatus::Succeeded, true)
    );
    // Where it has ended, it is paid back.
    let ended = payment
        .clone()
        .give_up(GivenUp::Cancelled, at(3))
        .unwrap()
        .payment;
    let late = settle(&ended, &attempt, &charged(AMOUNT), 4).unwrap();
    assert_eq!(
        (late.step.payment.status, late.is_captured),
        (PaymentStatus::Cancelled, true)
    );
    assert_eq!(late.step.refund.map(|refund| refund.amount_minor), Some(AMOUNT));
    assert_eq!(late.step.event, None, "it had ended");
}

#[test]
fn a_charge_after_its_decline_is_flagged_beside_another() {
    let (payment, first) = tried();
    let (payment, second) = payment.begin(request(), at(3)).unwrap();
    let flagged = settle(&payment, &first, &charged(AMOUNT), 4).unwrap();
    assert_eq!(
        (flagged.step.payment.flag, flagged.is_captured),
        (Some(PaymentFlag::ChargedAfterDecline), false)
    );
    let payment = flagged.step.payment;
    assert_eq!(settle(&payment, &first, &charged(AMOUNT), 4), None, "once");
    let open = settle(&payment, &second, &declined(), 5).unwrap().step.payment;
    assert_eq!(
        open.clone().begin(request(), at(6)),
        Err(NotBegun::Running),
        "it may be paid"
    );
    let paid = settle(&payment, &second, &charged(AMOUNT), 5)
        .unwrap()
        .step
        .payment;
    assert_eq!(paid.status, PaymentStatus::Succeeded);
}

#[test]
fn another_amount_is_never_taken() {
    for amount in [0, AMOUNT - 1, AMOUNT + 1] {
        let (payment, attempt) = opened(100).begin(request(), at(1)).unwrap();
        let settled = settle(&payment, &attempt, &charged(amount), 2).unwrap();
        let payment = settled.step.payment;
        assert_eq!(
            (payment.status, payment.flag),
            (PaymentStatus::Processing, Some(PaymentFlag::AmountDiffers))
        );
        assert_eq!((payment.captured_minor, settled.is_captured), (0, false));
        assert_eq!(
            settle(&payment, &settled.attempt, &charged(AMOUNT), 3),
            None,
            "nor is it by itself afterwards"
        );
    }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    Begin,
    Answer { attempt: usize, outcome: ChargeOutcome },
    GiveUp(GivenUp),
    Refund { amount_minor: i64 },
    AnswerRefund { refund: usize, is_paid: bool },
    Wait,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let outcome = prop_oneof![
        4 => Just(charged(AMOUNT)),
        1 => Just(charged(AMOUNT + 1)),
        3 => Just(declined()),
        1 => Just(ChargeOutcome::Closed { reason: "closed".to_owned() }),
        1 => Just(ChargeOutcome::Unknown { reason: "away" }),
        1 => Just(ChargeOutcome::ActionRequired { url: "https://example.com".to_owned() }),
    ];
    let act = prop_oneof![
        4 => Just(Act::Begin),
        6 => (0_usize..4, outcome).prop_map(|(attempt, outcome)| Act::Answer { attempt, outcome }),
        1 => prop::sample::select(&GivenUp::ALL[..]).prop_map(Act::GiveUp),
        2 => (1_i64..AMOUNT + 2).prop_map(|amount_minor| Act::Refund { amount_minor }),
        3 => (0_usize..4, any::<bool>()).prop_map(|(refund, is_paid)| Act::AnswerRefund { refund, is_paid }),
        2 => Just(Act::Wait),
    ];
    prop::collection::vec(act, 1..30)
}

/// A payment with everything that belongs to it, and what must be true of its history.
struct History {
    payment: Payment,
    attempts: Vec<Attempt>,
    refunds: Vec<Refund>,
    captures: usize,
    events: i64,
    now: u64,
}

impl History {
    fn step(&mut self, step: Step) {
        self.events += i64::from(step.event.is_some());
        self.refunds.extend(step.refund);
        self.payment = step.payment;
    }

    fn act(&mut self, act: Act) {
        let now = at(self.now);
        match act {
            Act::Begin => {
                if let Ok((payment, attempt)) = self.payment.clone().begin(request(), now) {
                    self.payment = payment;
                    self.attempts.push(attempt);
                }
            }
            Act::Answer { attempt, outcome } => {
                let Some(known) = self.attempts.get(attempt).cloned() else {
                    return;
                };
                if let Some(settled) = settle(&self.payment, &known, &outcome, self.now) {
                    self.captures += usize::from(settled.is_captured);
                    self.attempts[attempt] = settled.attempt;
                    self.step(settled.step);
                }
            }
            Act::GiveUp(why) => {
                if let Some(step) = self.payment.clone().give_up(why, now) {
                    self.step(step);
                }
            }
            Act::Refund { amount_minor } => {
                let id = Uuid::from_u128(self.refunds.len() as u128).into();
                if let Ok((payment, refund)) = self.payment.clone().refund(id, usd(amount_minor), now) {
                    self.payment = payment;
                    self.refunds.push(refund);
                }
            }
            Act::AnswerRefund { refund, is_paid } => {
                let Some(known) = self.refunds.get(refund).cloned() else {
                    return;
                };
                let refused = RefundOutcome::Refused {
                    reason: String::new(),
                };
                let outcome = if is_paid {
                    RefundOutcome::Succeeded
                } else {
                    refused
                };
                if let Some(settled) = known.settle(self.payment.clone(), outcome, now) {
                    self.events += i64::from(settled.event.is_some());
                    (self.payment, self.refunds[refund]) = (settled.payment, settled.refund);
                }
            }
            Act::Wait => self.now += 20,
        }
    }

    fn refunds(&self, counted: impl Fn(RefundStatus) -> bool) -> i64 {
        let counted = self.refunds.iter().filter(|refund| counted(refund.status));
        counted.map(|refund| refund.amount_minor).sum()
    }
}

const fn is_over(status: PaymentStatus) -> bool {
    !matches!(status, PaymentStatus::Open | PaymentStatus::Processing)
}

proptest! {
    #[test]
    fn whatever_happens_it_is_captured_once_at_most_and_never_revived(acts in acts()) {
        let payment = opened(100);
        let mut history =
            History { payment, attempts: Vec::new(), refunds: Vec::new(), captures: 0, events: 1, now: 0 };
        for act in acts {
            let before = history.payment.clone();
            history.act(act.clone());
            let payment = &history.payment;
            if is_over(before.status) {
                prop_assert_eq!(payment.status, before.status, "{:?}", act);
            }
            prop_assert!(history.captures <= 1);
            prop_assert_eq!(payment.captured_minor, AMOUNT * i64::try_from(history.captures).unwrap());
            prop_assert!(payment.status != PaymentStatus::Succeeded || history.captures == 1);
            prop_assert_eq!(payment.refunded_minor, history.refunds(|status| status == RefundStatus::Succeeded));
            prop_assert_eq!(payment.refunding_minor, history.refunds(|status| status != RefundStatus::Failed));
            prop_assert!(payment.refunding_minor <= payment.captured_minor);
            prop_assert_eq!(payment.version, history.events);
            let running = history.attempts.iter().filter(|attempt| !attempt.is_over()).count();
            prop_assert!(running <= 1);
            prop_assert!(running == 0 || payment.status != PaymentStatus::Open);
        }
        // What was not wanted any more is paid back, or a refusal of the provider says why not.
        let has_ended_unpaid = is_over(history.payment.status) && history.payment.status != PaymentStatus::Succeeded;
        prop_assert!(!has_ended_unpaid || history.captures == 0 || !history.refunds.is_empty());
    }
}
