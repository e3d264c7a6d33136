//! Stands for subscriptions where a story chooses what goes wrong. It knows one living subscription a user, as the real
//! one does, and answers the same for the same identifier.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use kit_rpc::{CallContext, CallError};
use kit_runtime::Timestamp;
use kit_values::Uuid;
use serde_json::json;
use subscriptions_api::{
    CreateSubscription, FindSubscription, InvoiceId, SubscriptionId, SubscriptionPurchase, SubscriptionView,
    Subscriptions, SubscriptionsError, SubscriptionsRefusal,
};

/// Until when a subscription is paid.
pub(crate) const PERIOD_END: &str = "2030-01-31T00:00:00.000000Z";

#[derive(Clone, Default)]
pub(crate) struct SubscriptionsDouble(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    begun: BTreeMap<SubscriptionId, CreateSubscription>,
    over: Vec<SubscriptionId>,
    is_away: bool,
    loses_answers: bool,
}

impl SubscriptionsDouble {
    /// Whether nobody reaches it.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.script().is_away = is_away;
    }

    /// Whether it does what it is asked, and nobody hears of it.
    pub(crate) fn set_losing_answers(&self, loses_answers: bool) {
        self.script().loses_answers = loses_answers;
    }

    /// A subscription is over.
    pub(crate) fn end(&self, id: &str) {
        self.script().over.push(id.parse().unwrap());
    }

    /// All that was begun.
    pub(crate) fn begun(&self) -> Vec<CreateSubscription> {
        self.script().begun.values().cloned().collect()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }
}

impl Subscriptions for SubscriptionsDouble {
    async fn create_subscription(
        &self,
        _: &CallContext,
        request: CreateSubscription,
    ) -> Result<SubscriptionPurchase, SubscriptionsError> {
        let mut script = self.script();
        if script.is_away {
            return Err(CallError::Unavailable);
        }
        let id = request.subscription_id;
        if let Some(same) = script.begun.get(&id) {
            if *same != request {
                return Err(CallError::Refused(SubscriptionsRefusal::SubscriptionDiffers));
            }
        } else {
            let lives = |(id, other): (&SubscriptionId, &CreateSubscription)| {
                other.user_id == request.user_id && !script.over.contains(id)
            };
            if script.begun.iter().any(lives) {
                return Err(CallError::Refused(SubscriptionsRefusal::ServiceExists));
            }
            script.begun.insert(id, request);
        }
        if script.loses_answers {
            return Err(CallError::Unknown);
        }
        Ok(SubscriptionPurchase {
            subscription_id: id,
            invoice_id: InvoiceId::from(Uuid::from(id)),
            checkout_url: format!("http://127.0.0.1:8080/api/checkout/{id}"),
        })
    }

    async fn find_subscription(
        &self,
        _: &CallContext,
        request: FindSubscription,
    ) -> Result<Option<SubscriptionView>, SubscriptionsError> {
        let script = self.script();
        if script.is_away {
            return Err(CallError::Unavailable);
        }
        let id = request.subscription_id;
        Ok(script.begun.get(&id).map(|begun| view(id, begun)))
    }
}

fn view(id: SubscriptionId, begun: &CreateSubscription) -> SubscriptionView {
    let start = Timestamp::from_seconds(1_893_456_000);
    let view = json!({
        "id": id, "user_id": begun.user_id, "adapter": begun.adapter, "sku": begun.plan.sku, "status": "active",
        "current_period": { "start": start, "end": PERIOD_END }, "cancel_at_period_end": false,
        "provisioning": "active", "latest_invoice_id": InvoiceId::from(Uuid::from(id)),
    });
    serde_json::from_value(view).unwrap()
}
