//! What queues sells: virtual hosts with limits.

use kit_adapter_shop::{Goods, NotBegun, PlanEdit, PlanOf, PurchaseOf, ShopRefusal, SpokenPlan};
use kit_http::{ApiRefusal as _, Check};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::Failure;
use queues_api::{
    CreateQueuePlan, PurchasePlan, PurchaseView, QueuePlanView, QueuesRefusal, UpdateQueuePlan,
};
use subscriptions_api::{
    CreateSubscription, NotSold, SubscribedPlan, SubscriptionId, SubscriptionsClient, SubscriptionsError,
};

use super::QueuesFailure;
use crate::domain::{Limits, LimitsChange, VhostUser, shown};

/// Virtual hosts of RabbitMQ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VirtualHosts;

impl Goods for VirtualHosts {
    const SERVICE: &'static str = "queues";
    const ADAPTER: &'static str = "queues";
    const SERVICE_ID: &'static str = "c2f4d9e7-5b1a-4c36-8e0d-7a9b1f3c5d82";
    const DESCRIPTION: &'static str = "A virtual host of RabbitMQ, with limits and a user of its own";

    type Terms = Limits;
    type TermsChange = LimitsChange;
    type Keys = VhostUser;
    type Refusal = QueuesRefusal;
    type Subscriptions = SubscriptionsClient;
    type SubscriptionId = SubscriptionId;
    type CreatePlan = CreateQueuePlan;
    type UpdatePlan = UpdateQueuePlan;
    type PlanView = QueuePlanView;
    type PurchasePlan = PurchasePlan;
    type PurchaseView = PurchaseView;

    fn refuse(refusal: ShopRefusal) -> QueuesRefusal {
        match refusal {
            ShopRefusal::SkuTaken(sku) => QueuesRefusal::SkuTaken { sku },
            ShopRefusal::PlanRetired => QueuesRefusal::PlanRetired,
            ShopRefusal::ServiceNotActive(state) => QueuesRefusal::ServiceNotActive { status: shown(state) },
        }
    }

    fn spoken(request: CreateQueuePlan) -> SpokenPlan<LimitsChange> {
        SpokenPlan {
            sku: request.sku,
            name: request.name,
            description: request.description,
            price: request.price,
            duration_days: request.duration_days,
            terms: LimitsChange {
                queues: Some(request.max_queues),
                connections: Some(request.max_connections),
                queue_bytes: Some(request.max_queue_bytes),
            },
            features: request.features,
        }
    }

    fn edit(request: UpdateQueuePlan) -> PlanEdit<LimitsChange> {
        PlanEdit {
            name: request.name,
            description: request.description,
            price: request.price,
            duration_days: request.duration_days,
            terms: LimitsChange {
                queues: request.max_queues,
                connections: request.max_connections,
                queue_bytes: request.max_queue_bytes,
            },
            features: request.features,
        }
    }

    fn check(check: &mut Check, given: &LimitsChange) {
        given.check(check);
    }

    fn apply(change: LimitsChange, before: Option<&Limits>) -> Option<Limits> {
        change.apply(before)
    }

    fn show(plan: PlanOf<Self>) -> QueuePlanView {
        QueuePlanView {
            price: plan.price(),
            duration_days: plan.days(),
            sku: plan.sku,
            name: plan.name.into(),
            description: plan.description.into(),
            max_queues: plan.terms.queues,
            max_connections: plan.terms.connections,
            max_queue_bytes: plan.terms.queue_bytes,
            features: plan.features.0,
            retired: plan.is_retired,
        }
    }

    async fn subscribe(
        subscriptions: &SubscriptionsClient,
        call: CallContext,
        purchase: &PurchaseOf<Self>,
        username: &str,
    ) -> Result<PurchaseView, NotBegun<QueuesRefusal>> {
        let adapter = Self::ADAPTER.parse().map_err(|error| NotBegun {
            is_surely_nothing: true,
            failure: Failure::internal(error),
        })?;
        let request = CreateSubscription {
            subscription_id: purchase.subscription_id,
            adapter,
            user_id: purchase.user_id,
            username: username.to_owned(),
            plan: SubscribedPlan {
                sku: purchase.sku.clone(),
                name: purchase.name.clone(),
                price: purchase.price(),
                duration_days: purchase.days(),
            },
        };
        let begun = subscriptions.create_subscription(&call, request).await;
        begun.map(PurchaseView::from).map_err(|error| NotBegun {
            is_surely_nothing: NotSold::is_surely_nothing(&error),
            failure: not_begun(error),
        })
    }

    async fn paid_until(
        subscriptions: &SubscriptionsClient,
        call: CallContext,
        subscription_id: SubscriptionId,
    ) -> Result<Option<Timestamp>, String> {
        let paid = subscriptions.paid_until(&call, subscription_id).await;
        paid.map_err(|error| error.to_string())
    }
}

fn not_begun(error: SubscriptionsError) -> QueuesFailure {
    match NotSold::of(&error) {
        Some(NotSold::ServiceExists) => Failure::Refused(QueuesRefusal::ServiceExists),
        Some(NotSold::Closed) => Failure::Refused(QueuesRefusal::PurchaseClosed),
        Some(NotSold::UnknownAdapter) => Failure::Unavailable {
            service: QueuesRefusal::SERVICE,
            cause: error.into(),
        },
        None => error.into(),
    }
}
