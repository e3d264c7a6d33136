//! What other services may ask of subscriptions.

use kit_rpc::CallError;
use kit_token::UserId;
use kit_values::{Money, Sku, Text};
use serde::{Deserialize, Serialize};

use crate::{AdapterName, InvoiceId, SubscriptionId, SubscriptionView, SubscriptionsRefusal};

kit_rpc::contract! {
    /// What other services may ask of subscriptions.
    pub trait Subscriptions("subscriptions"), client SubscriptionsClient, error SubscriptionsError {
        /// Begins a subscription with its first invoice and the payment of that. Asked again with the same identifier it
        /// answers the same subscription, with a checkout that can be used. Nothing is provisioned before it is paid.
        command create_subscription(CreateSubscription) -> SubscriptionPurchase;
        /// A subscription.
        query find_subscription(FindSubscription) -> Option<SubscriptionView>;
    }
}

/// Why subscriptions did not do what another service asked.
pub type SubscriptionsError = CallError<SubscriptionsRefusal>;

/// Asks to begin a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CreateSubscription {
    /// Chosen by who asks, so that asking again is the same subscription.
    pub subscription_id: SubscriptionId,
    /// The adapter that will provision it.
    pub adapter: AdapterName,
    /// Who subscribes.
    pub user_id: UserId,
    /// Their username.
    pub username: String,
    /// What is subscribed to. It is kept as it is now: later changes of the plan are of later subscriptions.
    pub plan: SubscribedPlan,
}

/// A plan at the moment in which it is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SubscribedPlan {
    /// Its SKU, which is its plan's id at the adapter.
    pub sku: Sku,
    /// Its name, for the line of the invoice.
    pub name: Text<100, 1>,
    /// What a period costs; more than nothing.
    pub price: Money,
    /// How long a period is; 1 to 3660 days.
    pub duration_days: u32,
}

/// A subscription that can be paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SubscriptionPurchase {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// Its first invoice.
    pub invoice_id: InvoiceId,
    /// Where it is paid; absolute.
    pub checkout_url: String,
}

/// Asks for a subscription.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindSubscription {
    /// The subscription.
    pub subscription_id: SubscriptionId,
}
