//! What becomes of a subscription when an invoice of it is paid, or will not be. Each may come more than once and by more
//! than one way; the first counts.

use kit_db::Tx;
use kit_service::Failure;
use kit_values::Money;
use orders_api::PaymentId;
use subscriptions_api::{EndReason, InvoiceId, InvoiceStatus, SubscriptionStatus};

use super::publishing::{PublishedInvoice, publish_paid};
use super::{SubscriptionsFailure, SubscriptionsService};
use crate::domain::{BillingEvent, Invoice, Subscription};
use crate::store;

/// What is written to an invoice for which something else was paid than was owed.
const AMOUNT_DIFFERS: &str = "amount_differs";

/// What it came to that an invoice is said to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaidOutcome {
    /// It is paid, now or before.
    Paid,
    /// It is void: payments are told to give the money back.
    Void,
    /// Something else was paid than this, which was owed.
    Differs(Money),
    /// There is no such invoice.
    Unknown,
}

impl SubscriptionsService {
    /// An invoice is paid: it, its subscription and what is wanted of the service are one transaction.
    pub(crate) async fn invoice_paid_in(
        &self,
        tx: &mut Tx,
        invoice_id: InvoiceId,
        (payment_id, amount): (Option<PaymentId>, Money),
    ) -> Result<PaidOutcome, SubscriptionsFailure> {
        let Some((mut subscription, invoice)) = self.held_with(tx, invoice_id).await? else {
            return Ok(PaidOutcome::Unknown);
        };
        if amount != invoice.total {
            tracing::error!(%invoice_id, %amount, total = %invoice.total, "an invoice was paid with another amount");
            store::flag_invoice(tx, invoice_id, AMOUNT_DIFFERS).await?;
            return Ok(PaidOutcome::Differs(invoice.total));
        }
        match invoice.status {
            InvoiceStatus::Draft => return Err(Failure::internal("a draft was paid")),
            InvoiceStatus::Paid => return Ok(PaidOutcome::Paid),
            InvoiceStatus::Void => {
                self.cancel_payment_in(tx, subscription.id, invoice_id).await?;
                return Ok(PaidOutcome::Void);
            }
            InvoiceStatus::Open => {}
        }
        subscription.updated_at = self.now_after(&subscription);
        if !store::pay_invoice(tx, invoice_id, payment_id, subscription.updated_at).await? {
            return Err(Failure::internal("an invoice changed that is held"));
        }
        publish_paid(tx, &mut subscription, PublishedInvoice::from(&invoice));
        match self.advance(tx, subscription, BillingEvent::Paid).await? {
            super::advancing::Advanced::Now(_) => Ok(PaidOutcome::Paid),
            super::advancing::Advanced::Not(_) => Err(Failure::internal(
                "a subscription owes nothing by its open invoice",
            )),
        }
    }

    /// The payment of an invoice has ended without success. A first invoice is given up with it; of another, its owner is
    /// reminded until the subscription ends.
    pub(crate) async fn payment_ended_in(
        &self,
        tx: &mut Tx,
        invoice_id: InvoiceId,
        reason: EndReason,
    ) -> Result<(), SubscriptionsFailure> {
        let Some((subscription, invoice)) = self.held_with(tx, invoice_id).await? else {
            return Ok(());
        };
        let is_first = subscription.billing.status == SubscriptionStatus::Incomplete;
        if invoice.status == InvoiceStatus::Open && is_first {
            self.advance(tx, subscription, BillingEvent::GivenUp(reason))
                .await?;
        }
        Ok(())
    }

    /// An invoice and its subscription, held until the transaction ends.
    async fn held_with(
        &self,
        tx: &mut Tx,
        invoice_id: InvoiceId,
    ) -> Result<Option<(Subscription, Invoice)>, SubscriptionsFailure> {
        let Some(found) = store::find_invoice(tx, invoice_id).await? else {
            return Ok(None);
        };
        let subscription = self.held(tx, found.subscription_id).await?;
        let invoice = store::hold_invoice(tx, invoice_id).await?;
        Ok(invoice.map(|invoice| (subscription, invoice)))
    }
}
