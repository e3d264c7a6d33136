//! What other services ask.

use kit_rpc::CallContext;
use subscriptions_api::{
    CreateSubscription, FindSubscription, SubscriptionPurchase, SubscriptionView, Subscriptions,
    SubscriptionsError,
};

use super::{SubscriptionsFailure, SubscriptionsService};

impl Subscriptions for SubscriptionsService {
    async fn create_subscription(
        &self,
        call: &CallContext,
        request: CreateSubscription,
    ) -> Result<SubscriptionPurchase, SubscriptionsError> {
        let begun = self.begin(call, request).await;
        begun.map_err(SubscriptionsFailure::into_contract_error)
    }

    async fn find_subscription(
        &self,
        _: &CallContext,
        request: FindSubscription,
    ) -> Result<Option<SubscriptionView>, SubscriptionsError> {
        match SubscriptionsService::find_subscription(self, request.subscription_id).await {
            Ok(found) => Ok(found.map(SubscriptionView::from)),
            Err(failure) => Err(failure.into_contract_error()),
        }
    }
}
