//! Brokers, and which topic comes from which.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_event::Topic;
use thiserror::Error;

use super::Carrier;

/// A broker, or the connections to one. A cheap handle; make one a process for each broker there is.
#[derive(Clone)]
pub struct Broker(pub(crate) Arc<dyn Carrier>);

/// Which topics come from a broker. All others are read from their producers' outboxes.
#[derive(Clone, Default)]
pub struct Carriers(BTreeMap<&'static str, Broker>);

/// Why a broker could not do something.
#[derive(Clone, Debug, Error)]
#[error("{broker}: {reason}")]
pub struct BrokerError {
    broker: &'static str,
    reason: String,
}

impl BrokerError {
    /// An error of a kind of broker ([`Carrier::name`]).
    pub fn new(broker: &'static str, reason: impl fmt::Display) -> Self {
        Self {
            broker,
            reason: reason.to_string(),
        }
    }
}

impl Broker {
    /// Of whoever implements one; crates of carriers have a function for it.
    pub fn new(carrier: impl Carrier + 'static) -> Self {
        Self(Arc::new(carrier))
    }

    /// Publishes something and consumes it again: whether the broker does its work, not merely whether it
    /// accepts a connection.
    pub async fn check(&self) -> Result<(), BrokerError> {
        self.0.check().await
    }

    /// As [`Broker::check`]; no answer for so long is trouble too.
    pub async fn check_within(&self, limit: Duration) -> Result<(), BrokerError> {
        let checked = tokio::time::timeout(limit, self.check()).await;
        checked.unwrap_or_else(|_| {
            let reason = format_args!("no answer within {limit:?}");
            Err(BrokerError::new(self.name(), reason))
        })
    }

    /// Its kind.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }
}

impl Carriers {
    /// All topics are embedded.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// A topic comes from a broker.
    #[must_use]
    pub fn carry(mut self, topic: &'static Topic, broker: &Broker) -> Self {
        self.0.insert(topic.name, broker.clone());
        self
    }

    /// The broker of a topic; none where it is embedded.
    pub fn of_topic(&self, topic: &str) -> Option<&Broker> {
        self.0.get(topic)
    }

    /// The broker that events come from which a group keeps by this source: its kind, and what it may say more
    /// after a slash.
    pub(crate) fn of_source(&self, source: &str) -> Option<&Broker> {
        let kind = source.split('/').next();
        let mut brokers = self.0.values();
        brokers.find(|broker| Some(broker.name()) == kind)
    }

    /// The topics of a broker.
    pub fn topics_of(&self, broker: &Broker) -> Vec<&'static str> {
        let all = self.0.iter();
        let ours = all.filter(|(_, other)| other.name() == broker.name());
        ours.map(|(topic, _)| *topic).collect()
    }

    /// Each broker once.
    pub fn brokers(&self) -> Vec<&Broker> {
        let by_name: BTreeMap<_, _> = self.0.values().map(|broker| (broker.name(), broker)).collect();
        by_name.into_values().collect()
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({})", self.name())
    }
}

impl fmt::Debug for Carriers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}
