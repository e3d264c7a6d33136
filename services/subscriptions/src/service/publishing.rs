//! What is published of a subscription. Each event takes the next version.

use kit_db::Tx;
use kit_runtime::Timestamp;
use kit_values::Money;
use subscriptions_api::{
    InvoiceId, InvoiceIssued, InvoiceNumber, InvoicePaid, InvoiceVoided, ServiceDeprovisioned,
    ServiceProvisioned, ServiceResumed, ServiceSuspended, SubscriptionActivated, SubscriptionCancelled,
    SubscriptionCreated, SubscriptionExpired, SubscriptionPastDue, SubscriptionRenewed,
};

use crate::domain::{BillingEffect, ResourceState, Subscription};

/// Publishes an event: what each says of the subscription, and the members that only this one has.
macro_rules! publish {
    ($tx:ident, $payload:ident of $subscription:ident { $($member:ident: $value:expr,)* }) => {{
        $subscription.version += 1;
        $tx.publish($payload {
            subscription_id: $subscription.id,
            version: $subscription.version,
            user_id: $subscription.user_id,
            adapter: $subscription.adapter.clone(),
            sku: $subscription.plan.sku.clone(),
            timestamp: $subscription.updated_at,
            $($member: $value,)*
        });
    }};
}

/// An invoice, as events tell of it.
#[derive(Clone)]
pub(super) struct PublishedInvoice {
    pub id: InvoiceId,
    pub number: InvoiceNumber,
    pub amount: Money,
    pub due_at: Timestamp,
}

pub(super) fn publish_created(tx: &mut Tx, subscription: &mut Subscription) {
    publish!(tx, SubscriptionCreated of subscription {
        invoice_id: subscription.latest_invoice_id,
        amount: subscription.plan.price,
    });
}

/// The version of this event is taken before, since the invoice's number is known last.
pub(super) fn publish_issued(tx: &mut Tx, subscription: &Subscription, invoice: PublishedInvoice) {
    tx.publish(InvoiceIssued {
        subscription_id: subscription.id,
        version: subscription.version,
        user_id: subscription.user_id,
        adapter: subscription.adapter.clone(),
        sku: subscription.plan.sku.clone(),
        invoice_id: invoice.id,
        number: invoice.number,
        amount: invoice.amount,
        due_at: invoice.due_at,
        timestamp: subscription.updated_at,
    });
}

pub(super) fn publish_paid(tx: &mut Tx, subscription: &mut Subscription, invoice: PublishedInvoice) {
    publish!(tx, InvoicePaid of subscription {
        invoice_id: invoice.id,
        number: invoice.number,
        amount: invoice.amount,
    });
}

pub(super) fn publish_voided(tx: &mut Tx, subscription: &mut Subscription, invoice: PublishedInvoice) {
    publish!(tx, InvoiceVoided of subscription {
        invoice_id: invoice.id,
        number: invoice.number,
        amount: invoice.amount,
    });
}

/// What follows from something that happened to the money.
pub(super) fn publish_effect(tx: &mut Tx, subscription: &mut Subscription, effect: BillingEffect) {
    let (invoice_id, amount) = (subscription.latest_invoice_id, subscription.plan.price);
    match effect {
        BillingEffect::Activated(period) => publish!(tx, SubscriptionActivated of subscription {
            invoice_id: invoice_id,
            amount: amount,
            period_start: period.start,
            period_end: period.end,
        }),
        BillingEffect::Renewed(period) => publish!(tx, SubscriptionRenewed of subscription {
            invoice_id: invoice_id,
            amount: amount,
            period_start: period.start,
            period_end: period.end,
        }),
        BillingEffect::PastDue(reminder) => publish!(tx, SubscriptionPastDue of subscription {
            invoice_id: invoice_id,
            amount: amount,
            reminder: reminder,
            period_end: subscription.billing.paid_until().unwrap_or(subscription.updated_at),
        }),
        BillingEffect::Cancelled(reason) => publish!(tx, SubscriptionCancelled of subscription {
            reason: reason,
        }),
        BillingEffect::Expired(reason) => publish!(tx, SubscriptionExpired of subscription {
            reason: reason,
        }),
        // Told with its number where it is voided.
        BillingEffect::Void(_) => {}
    }
}

/// What a service has come to, where its owner can tell.
pub(super) fn publish_service(tx: &mut Tx, subscription: &mut Subscription, before: ResourceState) {
    match subscription.resource {
        ResourceState::Active if before == ResourceState::Suspended => {
            publish!(tx, ServiceResumed of subscription {});
        }
        ResourceState::Active => publish!(tx, ServiceProvisioned of subscription {}),
        ResourceState::Suspended => publish!(tx, ServiceSuspended of subscription {}),
        ResourceState::Gone => publish!(tx, ServiceDeprovisioned of subscription {}),
        ResourceState::Absent
        | ResourceState::Requested
        | ResourceState::InProgress
        | ResourceState::Provisioned
        | ResourceState::Orphaned
        | ResourceState::Failing
        | ResourceState::Failed => {}
    }
}
