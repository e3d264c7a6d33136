//! What happens to a subscription when a time has come. Before an invoice is given up payments are asked: one that is
//! under way may still be paid, whatever the clock says here.

use fail::fail_point;
use kit_db::Tx;
use payments_api::{FindPayment, PaymentStatus};
use subscriptions_api::{InvoiceId, SubscriptionId};

use super::steps::{Outcome, call};
use super::{SubscriptionsFailure, SubscriptionsService};
use crate::domain::{BillingEvent, Timer};
use crate::store;

/// What payments say of an invoice that is about to be given up.
enum Last {
    /// It will not be paid.
    Unpaid,
    /// It may still be.
    NotKnown,
    /// It is, and was written down so.
    Paid,
}

impl SubscriptionsService {
    /// Lets what is due happen to a subscription.
    pub(super) async fn ring(&self, id: SubscriptionId) -> Result<Outcome, SubscriptionsFailure> {
        let Some(seen) = self.find_subscription(id).await? else {
            return Ok(Outcome::Done);
        };
        let timer = seen.billing.timer(self.times()).map(|(timer, _)| timer);
        if let (Some(Timer::GiveUp | Timer::Expire), Some(invoice)) = (timer, seen.billing.open_invoice) {
            match self.ask_last(invoice.id).await? {
                Last::NotKnown => return Ok(Outcome::Later),
                Last::Paid => return Ok(Outcome::Written),
                Last::Unpaid => {}
            }
            fail_point!("subscriptions::after-asking-before-giving-up", |_| Err(
                kit_service::Failure::internal("failpoint")
            ));
        }
        let subscriptions = self.clone();
        self.units()
            .write(async move |tx: &mut Tx| subscriptions.ring_in(tx, id, timer).await)
            .await?;
        Ok(Outcome::Written)
    }

    async fn ring_in(
        &self,
        tx: &mut Tx,
        id: SubscriptionId,
        expected: Option<Timer>,
    ) -> Result<(), SubscriptionsFailure> {
        let subscription = self.held(tx, id).await?;
        let now = self.units().now();
        match subscription.billing.timer(self.times()) {
            // Something else happened meanwhile, or nothing is due: the step is put where it belongs.
            Some((timer, due_at)) if Some(timer) != expected || due_at > now => {
                Ok(store::set_timer(tx, id, Some(due_at)).await?)
            }
            None => Ok(store::set_timer(tx, id, None).await?),
            Some((Timer::IssueRenewal, _)) => self.renew_in(tx, subscription).await,
            Some((timer, _)) => {
                self.advance(tx, subscription, BillingEvent::Rang(timer)).await?;
                Ok(())
            }
        }
    }

    /// Asks payments how the payment of an invoice ended.
    async fn ask_last(&self, id: InvoiceId) -> Result<Last, SubscriptionsFailure> {
        let asked = FindPayment { payable: id.into() };
        let found = self.0.deps.payments.find_payment(&call(), asked).await?;
        let Some(payment) = found else {
            return Ok(Last::Unpaid);
        };
        match payment.status {
            PaymentStatus::Open | PaymentStatus::Processing => Ok(Last::NotKnown),
            PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Expired => Ok(Last::Unpaid),
            PaymentStatus::Succeeded => {
                let (subscriptions, paid) = (self.clone(), (Some(payment.id), payment.amount));
                self.units()
                    .write(async move |tx: &mut Tx| subscriptions.invoice_paid_in(tx, id, paid).await)
                    .await?;
                Ok(Last::Paid)
            }
        }
    }
}
