//! What clients send, and what admins see.

use kit_token::UserId;
use kit_values::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AdapterName, SubscriptionStatus};

/// Asks to give a subscription up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelSubscription {
    /// Whether it goes on until the end of the period that is paid; else it ends now.
    pub at_period_end: bool,
}

/// The query of `GET /admin/subscriptions`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionFilter {
    /// Those that stand so with their money.
    pub status: Option<SubscriptionStatus>,
    /// Those of this user.
    pub user_id: Option<UserId>,
    /// Those of this adapter.
    pub adapter: Option<AdapterName>,
}

words! {
    /// Whether an adapter can be used.
    pub enum AdapterHealth {
        /// It says so.
        Up = "up",
        /// It does not answer, or says that it cannot be used.
        Down = "down",
    }
}

words! {
    /// Where an adapter runs.
    pub enum AdapterPlace {
        /// In the process of subscriptions.
        Here = "here",
        /// In another process of the platform.
        Peer = "peer",
        /// At an address of the configuration.
        Configured = "configured",
        /// Nowhere that is known.
        Nowhere = "nowhere",
    }
}

/// An adapter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct AdapterView {
    /// Its name.
    pub name: AdapterName,
    /// Where it runs.
    pub place: AdapterPlace,
    /// Its address, where it is called by one.
    pub url: Option<String>,
    /// Whether it can be used.
    pub health: AdapterHealth,
    /// Why not.
    pub reason: Option<String>,
}
