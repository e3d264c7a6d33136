//! What storage sells: buckets with a quota.

use kit_adapter_shop::{ColumnValue, Goods, NotBegun, PlanEdit, PlanOf, PurchaseOf, ShopRefusal, SpokenPlan};
use kit_db::{Row, StoreError};
use kit_http::{ApiRefusal as _, Check};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::Failure;
use storage_api::{CreatePlan, PlanView, PurchasePlan, PurchaseView, StorageRefusal, UpdatePlan};
use subscriptions_api::{
    CreateSubscription, NotSold, SubscribedPlan, SubscriptionId, SubscriptionsClient, SubscriptionsError,
};

use super::StorageFailure;
use crate::domain::{KeyIds, Quota, QuotaChange, shown};
use crate::store;

/// Buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets;

impl Goods for Buckets {
    const SERVICE: &'static str = "storage";
    const ADAPTER: &'static str = "s3";
    const SERVICE_ID: &'static str = "5f1c0b52-3c5e-4f0e-9d55-5b0b6a3d0f57";
    const DESCRIPTION: &'static str = "A bucket that speaks S3, with a quota and a key of its own";
    const TERMS: &'static [&'static str] = store::TERMS;
    const RESOURCE: &'static str = "bucket";
    const KEYS: &'static [&'static str] = store::KEYS;

    type Terms = Quota;
    type TermsChange = QuotaChange;
    type Keys = KeyIds;
    type Refusal = StorageRefusal;
    type Subscriptions = SubscriptionsClient;
    type SubscriptionId = SubscriptionId;
    type CreatePlan = CreatePlan;
    type UpdatePlan = UpdatePlan;
    type PlanView = PlanView;
    type PurchasePlan = PurchasePlan;
    type PurchaseView = PurchaseView;

    fn read_terms(row: &Row) -> Result<Quota, StoreError> {
        store::read_terms(row)
    }

    fn write_terms(terms: &Quota) -> Vec<ColumnValue> {
        store::write_terms(*terms)
    }

    fn read_keys(row: &Row) -> Result<Option<KeyIds>, StoreError> {
        store::read_keys(row)
    }

    fn write_keys(keys: Option<&KeyIds>) -> Vec<ColumnValue> {
        store::write_keys(keys)
    }

    fn refuse(refusal: ShopRefusal) -> StorageRefusal {
        match refusal {
            ShopRefusal::SkuTaken(sku) => StorageRefusal::SkuTaken { sku },
            ShopRefusal::PlanRetired => StorageRefusal::PlanRetired,
            ShopRefusal::ServiceNotActive(state) => StorageRefusal::ServiceNotActive { status: shown(state) },
        }
    }

    fn spoken(request: CreatePlan) -> SpokenPlan<QuotaChange> {
        SpokenPlan {
            sku: request.sku,
            name: request.name,
            description: request.description,
            price: request.price,
            duration_days: request.duration_days,
            terms: QuotaChange {
                quota_bytes: Some(request.quota_bytes),
            },
            features: request.features,
        }
    }

    fn edit(request: UpdatePlan) -> PlanEdit<QuotaChange> {
        PlanEdit {
            name: request.name,
            description: request.description,
            price: request.price,
            duration_days: request.duration_days,
            terms: QuotaChange {
                quota_bytes: request.quota_bytes,
            },
            features: request.features,
        }
    }

    fn check(check: &mut Check, given: &QuotaChange) {
        given.check(check);
    }

    fn apply(change: QuotaChange, before: Option<&Quota>) -> Option<Quota> {
        change.apply(before)
    }

    fn show(plan: PlanOf<Self>) -> PlanView {
        PlanView {
            price: plan.price(),
            duration_days: plan.days(),
            sku: plan.sku,
            name: plan.name.into(),
            description: plan.description.into(),
            quota_bytes: plan.terms.bytes(),
            features: plan.features.0,
            retired: plan.is_retired,
        }
    }

    async fn subscribe(
        subscriptions: &SubscriptionsClient,
        call: CallContext,
        purchase: &PurchaseOf<Self>,
        username: &str,
    ) -> Result<PurchaseView, NotBegun<StorageRefusal>> {
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

fn not_begun(error: SubscriptionsError) -> StorageFailure {
    match NotSold::of(&error) {
        Some(NotSold::ServiceExists) => Failure::Refused(StorageRefusal::ServiceExists),
        Some(NotSold::Closed) => Failure::Refused(StorageRefusal::PurchaseClosed),
        Some(NotSold::UnknownAdapter) => Failure::Unavailable {
            service: StorageRefusal::SERVICE,
            cause: error.into(),
        },
        None => error.into(),
    }
}
