//! Subscriptions' use cases: each loads, decides and saves, in one unit of work.

mod advancing;
mod beginning;
mod callbacks;
mod changing;
mod contract;
mod paying;
mod provisioning;
mod publishing;
mod reading;
mod steps;
mod timers;

use std::sync::Arc;

use kit_config::BaseUrl;
use kit_runtime::{Ids, Timestamp};
use kit_service::{Failure, Units};
use kit_webhooks::WebhookKey;
use payments_api::PaymentsClient;
use subscriptions_api::SubscriptionsRefusal;
use tokio::sync::Notify;

use crate::adapters::Adapters;
use crate::domain::{BillingTimes, Subscription};

/// What is not there where no subscription is.
const SUBSCRIPTION: &str = "Subscription";

/// What is not there where no invoice is.
const INVOICE: &str = "Invoice";

/// How subscriptions calls itself in calls.
const SUBSCRIPTIONS: &str = "subscriptions";

/// Why a use case did not do what was asked.
pub(crate) type SubscriptionsFailure = Failure<SubscriptionsRefusal>;

/// What subscriptions works with.
pub(crate) struct SubscriptionsDeps {
    pub units: Units,
    /// The randomness of tokens and pauses.
    pub ids: Ids,
    pub payments: PaymentsClient,
    pub adapters: Adapters,
    pub times: BillingTimes,
    /// Where payments reach callbacks.
    pub public_url: BaseUrl,
    /// What callbacks are signed with.
    pub callback_keys: Vec<WebhookKey>,
}

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct SubscriptionsService(Arc<Inner>);

struct Inner {
    deps: SubscriptionsDeps,
    wake: Notify,
}

impl SubscriptionsService {
    pub(crate) fn new(deps: SubscriptionsDeps) -> Self {
        Self(Arc::new(Inner {
            deps,
            wake: Notify::new(),
        }))
    }

    /// Something may be due.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    fn units(&self) -> &Units {
        &self.0.deps.units
    }

    fn times(&self) -> &BillingTimes {
        &self.0.deps.times
    }

    /// The present moment, and no earlier than what happened to a subscription before.
    fn now_after(&self, subscription: &Subscription) -> Timestamp {
        self.units().now().max(subscription.updated_at)
    }
}
