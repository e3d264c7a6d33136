//! What subscriptions does of its own accord: each step may be done as often as it is due, and is done when it says so.

use std::time::Duration;

use fail::fail_point;
use kit_db::Tx;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_service::{Failure, StepWorker};
use payments_api::CancelPayment;
use subscriptions_api::{InvoiceId, InvoiceStatus};

use super::{SUBSCRIPTIONS, SubscriptionsFailure, SubscriptionsService};
use crate::domain::{BACKOFF, DueStep, Step};
use crate::store;

/// For how long a step is taken. Longer than its calls and transactions may take together.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// How long a peer is waited for.
pub(super) const PEER_LIMIT: Duration = Duration::from_secs(5);

/// How a step went.
pub(super) enum Outcome {
    /// There is nothing to be done any more.
    Done,
    /// Whoever was asked does not know yet.
    Later,
    /// What is to be done next was written in the step's own transaction.
    Written,
}

impl StepWorker for SubscriptionsService {
    type Due = DueStep;
    type Error = SubscriptionsFailure;

    async fn woken(&self) {
        self.0.wake.notified().await;
    }

    async fn claim_due(&self, limit: u32) -> Result<Vec<DueStep>, SubscriptionsFailure> {
        let now = self.units().now();
        let unit = async move |tx: &mut Tx| store::claim_due(tx, now, now.plus(LEASE), limit).await;
        Ok(self.units().write(unit).await?)
    }

    /// Does a step; one that fails, or is not done, is due again after a pause.
    async fn run_step(&self, due: DueStep) {
        let ended = match (due.step, due.invoice_id) {
            (Step::Timer, _) => self.ring(due.subscription_id).await,
            (Step::Resource, _) => self.work_at_service(due.subscription_id).await,
            (Step::OpenPayment, Some(invoice_id)) => self.open_payment(invoice_id).await,
            (Step::CancelPayment, Some(invoice_id)) => self.cancel_payment(invoice_id).await,
            (Step::OpenPayment | Step::CancelPayment, None) => Ok(Outcome::Done),
        };
        let is_done = match ended {
            Ok(Outcome::Written) => {
                self.wake();
                return;
            }
            Ok(Outcome::Done) => true,
            Ok(Outcome::Later) => false,
            Err(failure) => {
                report(&due, failure);
                false
            }
        };
        let again_at = self.units().now().plus(self.pause(due.tries));
        let unit = async move |tx: &mut Tx| {
            if is_done {
                store::delete_step(tx, (due.subscription_id, due.step), due.invoice_id).await
            } else {
                store::postpone_step(tx, &due, again_at).await
            }
        };
        if let Err(error) = self.units().write(unit).await {
            // It is due again when its lease is over.
            tracing::warn!(%error, "a step of a subscription is left where it is");
        }
    }
}

impl SubscriptionsService {
    fn pause(&self, tries: u32) -> Duration {
        BACKOFF.pause(tries, u16::from_le_bytes(self.0.deps.ids.random()))
    }

    /// Opens the payment of an invoice that can be paid.
    async fn open_payment(&self, id: InvoiceId) -> Result<Outcome, SubscriptionsFailure> {
        let found = self.find_invoice(id).await?;
        let open = found.filter(|invoice| invoice.status == InvoiceStatus::Open);
        if let Some(invoice) = open {
            self.open_payment_of(&invoice).await?;
        }
        Ok(Outcome::Done)
    }

    /// Has payments give up what they have of an invoice: end it, or pay it back, now or later.
    async fn cancel_payment(&self, id: InvoiceId) -> Result<Outcome, SubscriptionsFailure> {
        let request = CancelPayment { payable: id.into() };
        self.0.deps.payments.cancel_payment(&call(), request).await?;
        fail_point!("subscriptions::after-cancel-before-store", |_| Err(
            Failure::internal("failpoint")
        ));
        Ok(Outcome::Done)
    }
}

pub(super) fn call() -> CallContext {
    CallContext::new(Actor::Service(SUBSCRIPTIONS.into()), Deadline::after(PEER_LIMIT))
}

/// A peer that is away is no news the second time; a defect is each time.
fn report(due: &DueStep, failure: SubscriptionsFailure) {
    let (subscription_id, step, tries) = (due.subscription_id, due.step, due.tries);
    match failure {
        Failure::Unavailable { .. } | Failure::Unknown { .. } => {
            tracing::info!(%subscription_id, %step, tries, %failure, "a step is tried again");
        }
        failure => {
            let cause = &failure as &dyn std::error::Error;
            tracing::error!(%subscription_id, %step, tries, cause, "a step failed and is tried again");
        }
    }
}
