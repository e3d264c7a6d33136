//! A subscription: its plan as it was when it was begun, its money, and its service.

use kit_adapter::{Instance, InstanceContext, InstanceParameters};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Quantity;
use subscriptions_api::{
    AdapterName, CreateSubscription, InvoiceId, Period, SubscribedPlan, SubscriptionId, SubscriptionView,
};

use super::{Billing, BillingTimes, InvoiceDraft, InvoiceLine, OpenInvoice, ResourceState};

/// The platform, as adapters know it.
const PLATFORM: &str = "stoa";

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub id: SubscriptionId,
    pub user_id: UserId,
    pub username: String,
    pub adapter: AdapterName,
    pub plan: SubscribedPlan,
    pub billing: Billing,
    pub resource: ResourceState,
    /// What the adapter calls what it is doing.
    pub operation: Option<String>,
    /// Why the service could not be provisioned.
    pub failure: Option<String>,
    pub latest_invoice_id: InvoiceId,
    /// How many events were told of it.
    pub version: i64,
    /// How often anything of it changed.
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Subscription {
    /// One that is begun now, and its first invoice.
    pub(crate) fn begin(
        request: CreateSubscription,
        invoice_id: InvoiceId,
        times: &BillingTimes,
        now: Timestamp,
    ) -> (Self, InvoiceDraft) {
        let due_at = now.plus(times.first_payment);
        let invoice = OpenInvoice {
            id: invoice_id,
            due_at,
        };
        let subscription = Self {
            id: request.subscription_id,
            user_id: request.user_id,
            username: request.username,
            adapter: request.adapter,
            billing: Billing::begin(request.plan.duration_days, invoice),
            plan: request.plan,
            resource: ResourceState::Absent,
            operation: None,
            failure: None,
            latest_invoice_id: invoice_id,
            version: 0,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let draft = subscription.draft((invoice_id, due_at), None, now);
        (subscription, draft)
    }

    /// The invoice of the period after those that are paid; none before the first is.
    pub(crate) fn renewal(
        &self,
        invoice_id: InvoiceId,
        times: &BillingTimes,
        now: Timestamp,
    ) -> Option<InvoiceDraft> {
        let due_at = times.renewal_due(self.billing.current_period()?, now);
        Some(InvoiceDraft {
            payable_until: times.payable_until(due_at),
            ..self.draft((invoice_id, due_at), self.billing.next_period(), now)
        })
    }

    fn draft(
        &self,
        (id, due_at): (InvoiceId, Timestamp),
        period: Option<Period>,
        now: Timestamp,
    ) -> InvoiceDraft {
        let SubscribedPlan {
            sku,
            name,
            price,
            duration_days,
        } = &self.plan;
        InvoiceDraft {
            id,
            subscription_id: self.id,
            user_id: self.user_id,
            line: InvoiceLine {
                description: format!("{name} ({sku}), {duration_days} days"),
                quantity: Quantity::ONE,
                unit_price: *price,
                amount: *price,
                period,
            },
            issued_at: now,
            due_at,
            payable_until: due_at,
        }
    }

    /// Whether it was begun by the same request.
    pub(crate) fn is_of(&self, request: &CreateSubscription) -> bool {
        self.user_id == request.user_id
            && self.adapter == request.adapter
            && self.plan == request.plan
            && self.username == request.username
    }

    /// Its service, as its adapter is asked for it.
    pub(crate) fn instance(&self) -> Instance {
        Instance {
            id: self.id.to_string(),
            plan_id: self.plan.sku.to_string(),
            context: InstanceContext {
                platform: PLATFORM.to_owned(),
                user_id: self.user_id.to_string(),
                username: self.username.clone(),
            },
            parameters: InstanceParameters {
                sku: self.plan.sku.clone(),
                price: self.plan.price,
                duration_days: self.plan.duration_days,
            },
        }
    }
}

impl From<Subscription> for SubscriptionView {
    fn from(subscription: Subscription) -> Self {
        Self {
            id: subscription.id,
            user_id: subscription.user_id,
            adapter: subscription.adapter,
            sku: subscription.plan.sku,
            status: subscription.billing.status,
            current_period: subscription.billing.current_period(),
            cancel_at_period_end: subscription.billing.cancel_at_period_end,
            provisioning: subscription.resource.shown(),
            latest_invoice_id: subscription.latest_invoice_id,
        }
    }
}
