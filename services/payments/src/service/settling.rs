//! What a provider said is taken down, in one function for each kind of question, however the answer came: at once, by
//! a webhook, or because it was looked up. What comes again changes nothing.

use kit_db::{Session, StoreError, Tx};
use kit_service::Failure;
use orders_api::{PaymentId, RefundId};
use payments_api::{AttemptStatus, PaymentFlag, PaymentView, RefundView};

use super::opening::view;
use super::{PAYMENT, PaymentsFailure, PaymentsService, post};
use crate::domain::{
    Attempt, AttemptRequest, ChargeOutcome, HeldCharge, Payment, PaymentEvent, Posting, Refund,
    RefundOutcome, Step, callback_body,
};
use crate::store;

/// A payment after it was tried to pay it.
pub(crate) struct Tried {
    pub view: PaymentView,
    /// The attempt, unless there was nothing to try. It may be older than what the view says of it, since each statement
    /// of a reader sees what is committed by then: one thing is decided by one of them alone.
    pub attempt: Option<Attempt>,
    /// What somebody has to look at.
    pub flag: Option<PaymentFlag>,
}

impl Tried {
    /// There was nothing to try.
    pub(super) const fn paid(view: PaymentView) -> Self {
        Self {
            view,
            attempt: None,
            flag: None,
        }
    }

    /// What the provider declined it with.
    pub(super) fn decline(&self) -> Option<&str> {
        let declined = self.attempt.as_ref()?;
        let is_declined = declined.status == AttemptStatus::Declined;
        is_declined.then(|| declined.reason.as_deref().unwrap_or_default())
    }

    /// Whether the attempt goes on by itself.
    pub(super) fn is_running(&self) -> bool {
        self.attempt.as_ref().is_some_and(Attempt::is_running)
    }

    /// Whether it says nothing of an attempt that is to be made: it waits for its payer, or did in vain. A page gives way to
    /// any, as whoever pays otherwise does not come back to it; a card that is to be confirmed gives way to a page.
    pub(super) fn yields_to(&self, request: &AttemptRequest) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| {
            let is_left = attempt.waits_for_payer() || attempt.status == AttemptStatus::Declined;
            is_left && (attempt.is_hosted || request.is_hosted)
        })
    }
}

impl PaymentsService {
    /// Takes down what a provider says of an attempt, and pays back at once what came too late.
    pub(crate) async fn apply_provider_result(
        &self,
        payment_id: PaymentId,
        number: i64,
        outcome: ChargeOutcome,
    ) -> Result<Tried, PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| {
            let found = store::find_payment_for_update(tx, payment_id).await?;
            let payment = found.ok_or(Failure::NotFound(PAYMENT))?;
            let attempt = store::find_attempt(tx, payment_id, number).await?;
            let attempt = attempt.ok_or(Failure::NotFound(PAYMENT))?;
            let rules = (payments.rules.most_declines, payments.units.now());
            // What is or was held of it is never taken.
            let is_held = store::has_held_charge(tx, payment_id, number).await?;
            let settled = payment.clone().settle(attempt.clone(), &outcome, rules);
            let Some(settled) = settled.filter(|_| !is_held) else {
                return Ok::<_, PaymentsFailure>((tried(tx, payment, attempt).await?, false));
            };
            store::save_attempt(tx, &settled.attempt).await?;
            if settled.is_captured {
                let posting = Posting::payment_captured(&settled.step.payment);
                post(tx, payments.units.new_id(), posting, rules.1).await?;
            }
            if let Some(amount) = settled.held {
                let held = HeldCharge::new(&settled.attempt, amount, rules.1);
                store::insert_held_charge(tx, &held).await?;
                let posting = Posting::charge_held(&held);
                post(tx, payments.units.new_id(), posting, rules.1).await?;
            }
            let has_callback = settled.is_captured && settled.step.payment.payable.invoice_id().is_some();
            let is_more_due = settled.step.refund.is_some() || has_callback;
            let payment = record(tx, settled.step).await?;
            Ok((tried(tx, payment, settled.attempt).await?, is_more_due))
        };
        let (tried, is_more_due) = self.units.write(unit).await?;
        if is_more_due {
            self.wake();
        }
        Ok(tried)
    }

    /// Takes down what a provider says of a refund.
    pub(crate) async fn apply_refund_result(
        &self,
        id: RefundId,
        outcome: RefundOutcome,
    ) -> Result<RefundView, PaymentsFailure> {
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| {
            let (payment, refund) = held_refund(tx, id).await?;
            let now = payments.units.now();
            let amount = payment.money(refund.amount_minor);
            let Some(settled) = refund.clone().settle(payment, outcome.clone(), now) else {
                return Ok::<_, PaymentsFailure>(refund.view(amount));
            };
            store::save_refund(tx, &settled.refund).await?;
            store::save_payment(tx, &settled.payment).await?;
            if let Some(event) = settled.event {
                let posting = Posting::payment_refunded(&settled.refund, amount.currency);
                post(tx, payments.units.new_id(), posting, now).await?;
                tx.publish(event);
            }
            Ok(settled.refund.view(amount))
        };
        self.units.write(unit).await
    }
}

/// How far a payment is with an attempt of it.
pub(super) async fn tried(
    on: &mut impl Session,
    payment: Payment,
    attempt: Attempt,
) -> Result<Tried, StoreError> {
    let flag = payment.flag;
    Ok(Tried {
        view: view(on, payment).await?,
        attempt: Some(attempt),
        flag,
    })
}

/// A refund and its payment, which is held until the transaction ends.
async fn held_refund(tx: &mut Tx, id: RefundId) -> Result<(Payment, Refund), PaymentsFailure> {
    const REFUND: PaymentsFailure = Failure::NotFound("Refund");
    let refund = store::find_refund(tx, id).await?.ok_or(REFUND)?;
    let payment = store::find_payment_for_update(tx, refund.payment_id).await?;
    // As it is now that its payment is held.
    let refund = store::find_refund(tx, id).await?.ok_or(REFUND)?;
    Ok((payment.ok_or(REFUND)?, refund))
}

/// Writes what became of a payment, with the refund that is due and its event; the payment after it.
pub(super) async fn record(tx: &mut Tx, step: Step) -> Result<Payment, StoreError> {
    store::save_payment(tx, &step.payment).await?;
    if let Some(refund) = &step.refund {
        store::insert_refund(tx, refund).await?;
    }
    if let Some(event) = &step.event {
        settle_callback(tx, step.payment.id, event).await?;
    }
    match step.event {
        Some(PaymentEvent::Created(event)) => tx.publish(event),
        Some(PaymentEvent::Succeeded(event)) => tx.publish(event),
        Some(PaymentEvent::Failed(event)) => tx.publish(event),
        Some(PaymentEvent::Expired(event)) => tx.publish(event),
        Some(PaymentEvent::Cancelled(event)) => tx.publish(event),
        None => {}
    }
    Ok(step.payment)
}

/// Whoever issued an invoice is to be told that it is paid, or will never be told anything.
async fn settle_callback(tx: &mut Tx, id: PaymentId, event: &PaymentEvent) -> Result<(), StoreError> {
    let ended_unpaid = match event {
        PaymentEvent::Created(_) => None,
        PaymentEvent::Succeeded(paid) => {
            return match callback_body(paid) {
                Some(body) => store::schedule_callback(tx, id, &body, paid.timestamp).await,
                None => Ok(()),
            };
        }
        PaymentEvent::Failed(event) => event.invoice_id,
        PaymentEvent::Expired(event) => event.invoice_id,
        PaymentEvent::Cancelled(event) => event.invoice_id,
    };
    match ended_unpaid {
        Some(_) => store::delete_callback(tx, id).await,
        None => Ok(()),
    }
}
