//! What subscriptions does when payments say what became of the payment of an invoice. What they say of orders, or of
//! invoices that are not here, is passed over.

use kit_bus::{Bus, BusError, Failure, Inbox};
use kit_db::{Tx, Unit};
use payments_api::{PaymentCancelled, PaymentExpired, PaymentFailed, PaymentSucceeded};
use subscriptions_api::{EndReason, InvoiceId};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

/// The consumer's name in the tables, for ever.
const GROUP: &str = "subscriptions";

pub(crate) fn start(bus: &Bus, subscriptions: &SubscriptionsService) -> Result<(), BusError> {
    let succeeded = subscriptions.clone();
    let (failed, expired, cancelled) = (
        subscriptions.clone(),
        subscriptions.clone(),
        subscriptions.clone(),
    );
    bus.group(GROUP)
        .committed_together(1)
        .on::<PaymentSucceeded>(move |delivery, inbox| {
            let (subscriptions, event) = (succeeded.clone(), delivery.payload);
            apply(succeeded.clone(), inbox, async move |tx: &mut Tx| {
                let Some(invoice_id) = event.invoice_id else {
                    return Ok(());
                };
                let paid = (Some(event.payment_id), event.amount);
                subscriptions.invoice_paid_in(tx, invoice_id, paid).await?;
                Ok(())
            })
        })
        .on::<PaymentFailed>(move |delivery, inbox| {
            let ended = (delivery.payload.invoice_id, EndReason::PaymentFailed);
            payment_ended(failed.clone(), ended, inbox)
        })
        .on::<PaymentExpired>(move |delivery, inbox| {
            let ended = (delivery.payload.invoice_id, EndReason::NotPaid);
            payment_ended(expired.clone(), ended, inbox)
        })
        .on::<PaymentCancelled>(move |delivery, inbox| {
            let ended = (delivery.payload.invoice_id, EndReason::NotPaid);
            payment_ended(cancelled.clone(), ended, inbox)
        })
        .start()?;
    Ok(())
}

async fn payment_ended(
    subscriptions: SubscriptionsService,
    (invoice_id, reason): (Option<InvoiceId>, EndReason),
    inbox: Inbox,
) -> Result<(), Failure> {
    let ending = subscriptions.clone();
    apply(subscriptions, inbox, async move |tx: &mut Tx| match invoice_id {
        Some(invoice_id) => ending.payment_ended_in(tx, invoice_id, reason).await,
        None => Ok(()),
    })
    .await
}

/// Does the effect of an event, and wakes the worker, for which there may be something to do.
async fn apply(
    subscriptions: SubscriptionsService,
    inbox: Inbox,
    unit: impl for<'t> Unit<'t, (), SubscriptionsFailure> + Clone + Send + 'static,
) -> Result<(), Failure> {
    inbox.apply(unit).await?;
    subscriptions.wake();
    Ok(())
}
