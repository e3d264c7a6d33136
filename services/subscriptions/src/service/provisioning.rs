//! How a service becomes what is wanted of it: its adapter is asked one thing at a time, and what it answers is written
//! down before it is asked the next.

use fail::fail_point;
use kit_adapter::{AdapterClient, AdapterFault, OperationState, Progress};
use kit_db::Tx;
use kit_rpc::Deadline;
use subscriptions_api::{EndReason, SubscriptionId};

use super::publishing::publish_service;
use super::steps::{Outcome, PEER_LIMIT};
use super::{SubscriptionsFailure, SubscriptionsService};
use crate::domain::{
    BillingEvent, ResourceAction, ResourceOutcome, ResourceState, Step, Subscription, after, next_action,
};
use crate::store;

/// As much of an adapter's words as is kept.
const LONGEST_TEXT: usize = 500;

impl SubscriptionsService {
    /// Does the next thing for a service.
    pub(super) async fn work_at_service(&self, id: SubscriptionId) -> Result<Outcome, SubscriptionsFailure> {
        let Some(seen) = self.find_subscription(id).await? else {
            return Ok(Outcome::Done);
        };
        let asked = next_action(seen.resource, seen.billing.wanted);
        let outcome = match asked {
            Some(action) => self.ask(&seen, action).await,
            None => ResourceOutcome::Later,
        };
        fail_point!("subscriptions::after-adapter-before-store", |_| Err(
            kit_service::Failure::internal("failpoint")
        ));
        let (subscriptions, state) = (self.clone(), seen.resource);
        let unit = async move |tx: &mut Tx| {
            let asked = asked.map(|action| (action, outcome.clone()));
            subscriptions.answered_in(tx, (id, state), asked).await
        };
        let is_further = self.units().write(unit).await?;
        Ok(if is_further {
            Outcome::Written
        } else {
            Outcome::Later
        })
    }

    /// Writes down what an adapter answered of a service that was so far; whether it is further than before, or nothing
    /// is left to be done.
    async fn answered_in(
        &self,
        tx: &mut Tx,
        (id, seen): (SubscriptionId, ResourceState),
        asked: Option<(ResourceAction, ResourceOutcome)>,
    ) -> Result<bool, SubscriptionsFailure> {
        let mut subscription = self.held(tx, id).await?;
        let before = subscription.resource;
        let next = asked.as_ref().and_then(|(action, outcome)| {
            let wanted = subscription.billing.wanted;
            let next = after(before, wanted, *action, outcome)?;
            (before == seen).then_some(next)
        });
        if let (Some(next), Some((_, outcome))) = (next, asked) {
            subscription.resource = next;
            subscription.updated_at = self.now_after(&subscription);
            subscription.operation = None;
            match outcome {
                ResourceOutcome::Accepted(operation) => subscription.operation = operation,
                ResourceOutcome::Refused(reason) => subscription.failure = Some(shortened(&reason)),
                ResourceOutcome::Done
                | ResourceOutcome::Later
                | ResourceOutcome::Unknown
                | ResourceOutcome::Lost => {}
            }
            publish_service(tx, &mut subscription, before);
            self.save(tx, &mut subscription).await?;
            if next == ResourceState::Failing {
                let event = BillingEvent::CancelNow(EndReason::ProvisioningFailed);
                subscription = self.advance(tx, subscription, event).await?.into_subscription();
            }
            if next.is_gone_unused(before) {
                self.give_back_in(tx, id).await?;
            }
        }
        let step = (id, Step::Resource);
        if next_action(subscription.resource, subscription.billing.wanted).is_none() {
            store::delete_step(tx, step, None).await?;
            return Ok(true);
        }
        // What has to be asked for anew is no progress: the pauses grow.
        let is_further = next.is_some_and(|next| !next.is_before_the_adapter());
        if is_further {
            store::set_step(tx, step, None, self.units().now()).await?;
        }
        Ok(is_further)
    }

    /// Nobody could ever use a service: what was paid for it is given back, whatever its subscription ended of.
    async fn give_back_in(&self, tx: &mut Tx, id: SubscriptionId) -> Result<(), SubscriptionsFailure> {
        for invoice_id in store::give_back_invoices(tx, id).await? {
            self.cancel_payment_in(tx, id, invoice_id).await?;
        }
        Ok(())
    }

    /// Asks the adapter of a subscription something.
    async fn ask(&self, subscription: &Subscription, action: ResourceAction) -> ResourceOutcome {
        let outcome = match self.0.deps.adapters.client(&subscription.adapter) {
            Ok(adapter) => ask(&adapter, subscription, action).await,
            Err(fault) => Err(fault),
        };
        outcome.unwrap_or_else(|fault| to_outcome(subscription, action, fault))
    }
}

async fn ask(
    adapter: &AdapterClient,
    subscription: &Subscription,
    action: ResourceAction,
) -> Result<ResourceOutcome, AdapterFault> {
    let (instance, deadline) = (subscription.instance(), Deadline::after(PEER_LIMIT));
    match action {
        ResourceAction::Provision => {
            let progress = adapter.provision(&instance, deadline).await?;
            Ok(match progress {
                Progress::Done => ResourceOutcome::Done,
                Progress::InProgress { operation } => ResourceOutcome::Accepted(operation),
            })
        }
        ResourceAction::Poll => {
            let operation = subscription.operation.as_deref();
            Ok(
                match adapter.last_operation(&instance, operation, deadline).await? {
                    OperationState::InProgress => ResourceOutcome::Later,
                    OperationState::Succeeded => ResourceOutcome::Done,
                    OperationState::Failed { description } => ResourceOutcome::Refused(description),
                    OperationState::Gone => ResourceOutcome::Lost,
                },
            )
        }
        ResourceAction::Bind => {
            let binding_id = instance.id.clone();
            match adapter.bind(&instance, &binding_id, deadline).await {
                // Its credentials are for whoever shows them to the owner, and are not kept here.
                Ok(_) => Ok(ResourceOutcome::Done),
                Err(AdapterFault::Unknown(reason)) => {
                    adapter
                        .unbind(&instance, &binding_id, Deadline::after(PEER_LIMIT))
                        .await?;
                    Err(AdapterFault::NotNow(reason))
                }
                Err(fault) => Err(fault),
            }
        }
        ResourceAction::Suspend => adapter
            .suspend(&instance, deadline)
            .await
            .map(|()| ResourceOutcome::Done),
        ResourceAction::Resume => adapter
            .resume(&instance, deadline)
            .await
            .map(|()| ResourceOutcome::Done),
        ResourceAction::Deprovision => {
            let progress = adapter.deprovision(&instance, deadline).await?;
            Ok(match progress {
                Progress::Done => ResourceOutcome::Done,
                // Asked again, it says when it is.
                Progress::InProgress { .. } => ResourceOutcome::Later,
            })
        }
    }
}

/// What an adapter's fault means for what was asked. That it does not know us, or is none, is the operator's to mend, and
/// nobody's subscription ends of it; what cannot be suspended, resumed or taken away is tried again for ever.
fn to_outcome(subscription: &Subscription, action: ResourceAction, fault: AdapterFault) -> ResourceOutcome {
    let (subscription_id, adapter) = (subscription.id, &subscription.adapter);
    let reason = fault.to_string();
    match fault {
        AdapterFault::NotNow(_) => {
            tracing::info!(%subscription_id, %adapter, ?action, %reason, "an adapter is asked again later");
            ResourceOutcome::Later
        }
        AdapterFault::Unknown(_) => {
            tracing::warn!(%subscription_id, %adapter, ?action, %reason, "an adapter's answer was lost");
            ResourceOutcome::Unknown
        }
        AdapterFault::Refused {
            status: 401 | 403 | 404 | 405,
            ..
        } => {
            tracing::error!(%subscription_id, %adapter, ?action, %reason, "an adapter does not know us");
            ResourceOutcome::Later
        }
        AdapterFault::Refused { description, .. } => {
            tracing::error!(%subscription_id, %adapter, ?action, %reason, "an adapter refuses");
            ResourceOutcome::Refused(description)
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars()
        .filter(|sign| *sign != '\0')
        .take(LONGEST_TEXT)
        .collect()
}
