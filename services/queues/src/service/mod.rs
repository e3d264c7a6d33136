//! The use cases of queues beside those of every shop: what users have, and an adapter's steps.

mod adapting;
mod goods;
mod owning;

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use kit_adapter_shop::{Shop, ShopDeps, key_name, secret};
use kit_http::ApiRefusal as _;
use kit_runtime::{Ids, Secret, Tasks};
use kit_service::{Failure, Units};
use queues_api::QueuesRefusal;
use subscriptions_api::SubscriptionsClient;

pub(crate) use self::goods::VirtualHosts;
use crate::broker::{Broker, BrokerError};
use crate::domain::VhostUser;

/// Why a use case did not do what was asked.
pub(crate) type QueuesFailure = Failure<QueuesRefusal>;

/// The use cases: those of a shop by `Deref`, and its own. A cheap handle.
#[derive(Clone)]
pub(crate) struct QueuesService {
    shop: Shop<VirtualHosts>,
    deps: Arc<QueuesDeps>,
}

/// What the use cases need beside the database.
pub(crate) struct QueuesDeps {
    pub ids: Ids,
    pub tasks: Tasks,
    pub broker: Broker,
    /// Where clients of AMQP find the broker, if there is one.
    pub endpoint: Option<String>,
    pub subscriptions: SubscriptionsClient,
}

impl Deref for QueuesService {
    type Target = Shop<VirtualHosts>;

    fn deref(&self) -> &Shop<VirtualHosts> {
        &self.shop
    }
}

impl FromRef<QueuesService> for Shop<VirtualHosts> {
    fn from_ref(queues: &QueuesService) -> Self {
        queues.shop.clone()
    }
}

impl QueuesService {
    pub(crate) fn new(units: Units, deps: QueuesDeps) -> Self {
        let is_open = deps.broker.is_there();
        let shop = ShopDeps {
            prefix: "stoa".to_owned(),
            tasks: deps.tasks.clone(),
            subscriptions: deps.subscriptions.clone(),
            closed: (!is_open).then(|| BrokerError::NotConfigured.to_string()),
        };
        Self {
            shop: Shop::new(units, shop),
            deps: Arc::new(deps),
        }
    }

    /// A user that nobody has.
    fn new_user(&self) -> VhostUser {
        VhostUser {
            username: format!("stoa-{}", key_name(self.deps.ids.random())),
        }
    }

    /// A password that nobody knows.
    fn new_password(&self) -> Secret<String> {
        Secret::new(secret(self.deps.ids.random()))
    }
}

/// Of the broker, for whoever asked.
fn not_done(error: BrokerError) -> QueuesFailure {
    let service = QueuesRefusal::SERVICE;
    match error {
        BrokerError::Lost(_) | BrokerError::Answered(_) | BrokerError::Unreadable(_) => Failure::Unknown {
            service,
            cause: error.into(),
        },
        BrokerError::NotConfigured | BrokerError::Away(_) | BrokerError::NoAdministrator => {
            Failure::Unavailable {
                service,
                cause: error.into(),
            }
        }
    }
}
