//! What services that sell what adapters provision have in common: what they say to buyers, and how they ask.

use kit_rpc::{CallContext, CallError};
use kit_runtime::Timestamp;
use kit_values::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    FindSubscription, InvoiceId, SubscriptionId, SubscriptionPurchase, SubscriptionsClient,
    SubscriptionsError, SubscriptionsRefusal,
};

/// `POST /plans/{sku}/purchase`: there is nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchasePlan {}

/// A purchase that is to be paid. Nothing is provisioned before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PurchaseView {
    /// The subscription that was begun.
    pub subscription_id: SubscriptionId,
    /// Its first invoice.
    pub invoice_id: InvoiceId,
    /// Where it is paid; absolute.
    pub checkout_url: String,
}

impl From<SubscriptionPurchase> for PurchaseView {
    fn from(begun: SubscriptionPurchase) -> Self {
        Self {
            subscription_id: begun.subscription_id,
            invoice_id: begun.invoice_id,
            checkout_url: begun.checkout_url,
        }
    }
}

words! {
    /// How a service stands.
    pub enum ServiceStatus {
        /// It is being made.
        Provisioning = "provisioning",
        /// It can be used.
        Active = "active",
        /// What is in it is kept, and nobody can use it.
        Suspended = "suspended",
        /// It is gone, with what was in it.
        Deprovisioned = "deprovisioned",
        /// It was given up before it could be used.
        Failed = "failed",
    }
}

impl SubscriptionsClient {
    /// Until when a subscription is paid; none of one that there is not, or that was never paid.
    pub async fn paid_until(
        &self,
        call: &CallContext,
        subscription_id: SubscriptionId,
    ) -> Result<Option<Timestamp>, SubscriptionsError> {
        let request = FindSubscription { subscription_id };
        let found = self.find_subscription(call, request).await?;
        Ok(found
            .and_then(|found| found.current_period)
            .map(|period| period.end))
    }
}

/// Why a subscription was not begun, where that is more than a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSold {
    /// The user has one already, or a purchase of one that is not paid yet.
    ServiceExists,
    /// It was begun before, and is paid or over.
    Closed,
    /// Subscriptions does not know the adapter.
    UnknownAdapter,
}

impl NotSold {
    /// What an error of `create_subscription` says to a buyer.
    pub fn of(error: &SubscriptionsError) -> Option<Self> {
        let CallError::Refused(refusal) = error else {
            return None;
        };
        match refusal {
            SubscriptionsRefusal::ServiceExists => Some(Self::ServiceExists),
            SubscriptionsRefusal::InvoiceClosed { .. }
            | SubscriptionsRefusal::PaymentEnded
            | SubscriptionsRefusal::PaymentProcessing => Some(Self::Closed),
            SubscriptionsRefusal::UnknownAdapter => Some(Self::UnknownAdapter),
            _ => None,
        }
    }

    /// Whether nothing came of `create_subscription`, so that the same request may begin anew.
    pub fn is_surely_nothing(error: &SubscriptionsError) -> bool {
        match error {
            CallError::Refused(_) => {
                matches!(Self::of(error), Some(Self::ServiceExists | Self::UnknownAdapter))
            }
            CallError::Invalid(_) => true,
            CallError::NotFound(_)
            | CallError::VersionMismatch
            | CallError::KeyReused
            | CallError::StillRunning
            | CallError::Unavailable
            | CallError::Unknown
            | CallError::Internal => false,
        }
    }
}
