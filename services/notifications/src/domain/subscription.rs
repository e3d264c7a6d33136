//! Events of subscriptions, as far as users are told of them.

use std::marker::PhantomData;

use kit_event::{Event, Topic};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Money, Sku};
use serde::{Deserialize, Serialize};
use subscriptions_api::{InvoiceId, SubscriptionId};

/// What an event `E` of a subscription says. Members that only some of them have are there where they are.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound = "")]
pub(crate) struct SubscriptionChanged<E> {
    pub user_id: UserId,
    pub timestamp: Timestamp,
    #[serde(flatten)]
    pub facts: SubscriptionFacts,
    #[serde(skip)]
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Event for SubscriptionChanged<E> {
    const TOPIC: &'static Topic = E::TOPIC;
    const TYPE: &'static str = E::TYPE;

    fn key(&self) -> String {
        self.facts.subscription_id.to_string()
    }
}

/// What a template says of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct SubscriptionFacts {
    pub subscription_id: SubscriptionId,
    pub sku: Sku,
    pub invoice_id: Option<InvoiceId>,
    /// The invoice's number.
    pub number: Option<String>,
    pub amount: Option<Money>,
    pub due_at: Option<Timestamp>,
    pub period_end: Option<Timestamp>,
    /// How often its owner was reminded.
    #[serde(default)]
    pub reminder: u32,
    /// Why it has ended; a word that is not known here is no obstacle.
    pub reason: Option<String>,
}

impl SubscriptionFacts {
    /// Where the web client shows what it is about.
    pub(crate) fn link(&self) -> String {
        match self.invoice_id {
            Some(id) => format!("/invoices/{id}"),
            None => format!("/subscriptions/{}", self.subscription_id),
        }
    }
}
