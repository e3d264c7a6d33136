//! Storage's use cases beside those of every shop: what users have, and an adapter's steps.
//!
//! Nobody else is asked inside a unit of work, and of two things that belong together the row is written first.

mod adapting;
mod goods;
mod keeping;
mod keys;
mod objects;
mod owning;

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use kit_adapter_shop::{Shop, ShopDeps};
use kit_config::BaseUrl;
use kit_http::ApiRefusal as _;
use kit_objects::ObjectError;
use kit_runtime::{Ids, Tasks};
use kit_service::{Failure, Units};
use storage_api::StorageRefusal;
use subscriptions_api::SubscriptionsClient;

pub(crate) use self::goods::Buckets;
use crate::backend::Backend;
use crate::domain::SigningSecret;

/// Why a use case did not do what was asked.
pub(crate) type StorageFailure = Failure<StorageRefusal>;

/// The use cases: those of a shop by `Deref`, and storage's own. A cheap handle.
#[derive(Clone)]
pub(crate) struct StorageService {
    shop: Shop<Buckets>,
    deps: Arc<StorageDeps>,
}

impl Deref for StorageService {
    type Target = Shop<Buckets>;

    fn deref(&self) -> &Shop<Buckets> {
        &self.shop
    }
}

impl FromRef<StorageService> for Shop<Buckets> {
    fn from_ref(storage: &StorageService) -> Self {
        storage.shop.clone()
    }
}

/// What the use cases need beside the database.
pub(crate) struct StorageDeps {
    pub ids: Ids,
    pub tasks: Tasks,
    pub backend: Backend,
    /// Where clients of S3 find the objects.
    pub endpoint: BaseUrl,
    pub signing: SigningSecret,
    pub subscriptions: SubscriptionsClient,
}

impl StorageService {
    pub(crate) fn new(units: Units, deps: StorageDeps) -> Self {
        let shop = ShopDeps {
            prefix: deps.backend.prefix().to_owned(),
            tasks: deps.tasks.clone(),
            subscriptions: deps.subscriptions.clone(),
            closed: None,
        };
        Self {
            shop: Shop::new(units, shop),
            deps: Arc::new(deps),
        }
    }
}

/// Of the object store, for whoever asked over HTTP.
fn not_stored(error: ObjectError) -> StorageFailure {
    match error {
        ObjectError::Unavailable => Failure::Unavailable {
            service: StorageRefusal::SERVICE,
            cause: error.into(),
        },
        error => Failure::internal(error),
    }
}
