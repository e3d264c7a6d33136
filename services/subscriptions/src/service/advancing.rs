//! How anything happens to a subscription.

use kit_db::Tx;
use kit_service::Failure;
use subscriptions_api::{InvoiceId, SubscriptionId};

use super::publishing::{PublishedInvoice, publish_effect, publish_voided};
use super::{SUBSCRIPTION, SubscriptionsFailure, SubscriptionsService};
use crate::domain::{BillingEffect, BillingEvent, Invoice, Step, Subscription, next_action, number_text};
use crate::store;

/// What became of a subscription.
pub(super) enum Advanced {
    /// It happened now; the subscription after it.
    Now(Subscription),
    /// It cannot happen to the subscription as it is, or has happened; the subscription as it is.
    Not(Subscription),
}

impl Advanced {
    pub(super) fn into_subscription(self) -> Subscription {
        match self {
            Self::Now(subscription) | Self::Not(subscription) => subscription,
        }
    }
}

impl SubscriptionsService {
    /// The subscription, held until the transaction ends: whatever happens to it meanwhile waits.
    pub(super) async fn held(
        &self,
        tx: &mut Tx,
        id: SubscriptionId,
    ) -> Result<Subscription, SubscriptionsFailure> {
        store::hold_subscription(tx, id)
            .await?
            .ok_or(Failure::NotFound(SUBSCRIPTION))
    }

    /// Lets something happen to the money of a subscription that is held: the one place that changes it. Its row, what
    /// becomes of its invoices, its events and its next steps are one transaction.
    pub(super) async fn advance(
        &self,
        tx: &mut Tx,
        mut subscription: Subscription,
        event: BillingEvent,
    ) -> Result<Advanced, SubscriptionsFailure> {
        let now = self.now_after(&subscription);
        let Some((billing, effects)) = subscription.billing.apply(event, now) else {
            return Ok(Advanced::Not(subscription));
        };
        subscription.updated_at = now;
        subscription.billing = billing;
        subscription.resource = subscription.resource.wanting(billing.wanted);
        for effect in effects {
            if let BillingEffect::Void(invoice_id) = effect {
                self.void_in(tx, &mut subscription, invoice_id).await?;
            }
            publish_effect(tx, &mut subscription, effect);
        }
        self.save(tx, &mut subscription).await?;
        Ok(Advanced::Now(subscription))
    }

    /// Nothing is owed by an invoice any more; payments are told.
    async fn void_in(
        &self,
        tx: &mut Tx,
        subscription: &mut Subscription,
        invoice_id: InvoiceId,
    ) -> Result<(), SubscriptionsFailure> {
        let Some(invoice) = store::hold_invoice(tx, invoice_id).await? else {
            return Err(Failure::internal("an invoice is missing that is owed"));
        };
        if !store::void_invoice(tx, invoice_id).await? {
            return Err(Failure::internal("an invoice changed that is held"));
        }
        let id = subscription.id;
        store::delete_step(tx, (id, Step::OpenPayment), Some(invoice_id)).await?;
        self.cancel_payment_in(tx, id, invoice_id).await?;
        publish_voided(tx, subscription, PublishedInvoice::from(&invoice));
        Ok(())
    }

    /// Payments are told that what they have of an invoice is given up.
    pub(super) async fn cancel_payment_in(
        &self,
        tx: &mut Tx,
        id: SubscriptionId,
        invoice_id: InvoiceId,
    ) -> Result<(), SubscriptionsFailure> {
        let now = self.units().now();
        Ok(store::set_step(tx, (id, Step::CancelPayment), Some(invoice_id), now).await?)
    }

    /// Writes a subscription that is held and has changed, with what is to be done for it.
    pub(super) async fn save(
        &self,
        tx: &mut Tx,
        subscription: &mut Subscription,
    ) -> Result<(), SubscriptionsFailure> {
        let before = subscription.revision;
        subscription.revision += 1;
        if !store::update_subscription(tx, subscription, before).await? {
            return Err(Failure::internal("a subscription changed that is held"));
        }
        self.set_steps(tx, subscription).await
    }

    /// What is to be done for a subscription by itself.
    pub(super) async fn set_steps(
        &self,
        tx: &mut Tx,
        subscription: &Subscription,
    ) -> Result<(), SubscriptionsFailure> {
        let due_at = subscription.billing.timer(self.times()).map(|(_, due_at)| due_at);
        store::set_timer(tx, subscription.id, due_at).await?;
        if next_action(subscription.resource, subscription.billing.wanted).is_some() {
            let now = self.units().now();
            store::ensure_step(tx, (subscription.id, Step::Resource), now).await?;
        }
        Ok(())
    }
}

impl From<&Invoice> for PublishedInvoice {
    fn from(invoice: &Invoice) -> Self {
        Self {
            id: invoice.id,
            number: number_text(invoice.number),
            amount: invoice.total,
            due_at: invoice.due_at,
        }
    }
}
