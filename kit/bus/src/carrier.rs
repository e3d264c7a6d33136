//! The seam between the bus and its brokers: what each of them is asked for, and which topic travels how.
//!
//! A topic that is not configured here is *embedded*: its events are read from the outboxes of those who
//! publish them. A topic that is comes from a broker instead: the relay of each producing service sends its
//! rows there, and groups and broadcasts listen there and nowhere else. Handlers notice nothing of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_event::Topic;
use kit_runtime::Timestamp;
use thiserror::Error;

use crate::envelope::Record;
use crate::group::Subscription;
use crate::tail::Tail;

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
    pub(crate) broker: &'static str,
    pub(crate) reason: String,
}

/// What the bus asks of a broker.
pub(crate) trait Carrier: Send + Sync {
    /// Its kind, as metrics and the names of relays say it. There is one broker of a kind.
    fn name(&self) -> &'static str;

    /// Begins to feed a group: makes what the broker needs for it, now or once the broker answers, and starts
    /// pumps ([`Subscription::start`]).
    fn subscribe(&self, subscription: &Subscription);

    /// What a broadcast hears of these topics.
    fn tail(&self, topics: &[&'static Topic]) -> Box<dyn Tail>;

    /// A connection to publish one topic of one service by. It connects when it is used.
    fn publisher(&self, service: &str, topic: &'static Topic) -> Box<dyn Publisher>;

    /// Publishes something and consumes it again.
    fn check(&self) -> BoxFuture<'_, Result<(), BrokerError>>;

    /// How many events wait for a group; none where the broker cannot tell, or does not know it.
    fn backlog<'a>(&'a self, standing: &'a Standing) -> BoxFuture<'a, Result<Option<u64>, BrokerError>>;

    /// Sees to it that a group gets again what was published since a moment; the topics that will come.
    fn resend<'a>(
        &'a self,
        standing: &'a Standing,
        topics: &'a [&'static str],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, BrokerError>>;

    /// The positions of a source's partitions before which a moment lies; none where the broker does not keep
    /// what it has delivered.
    fn since<'a>(
        &'a self,
        _source: &'a str,
        _moment: Timestamp,
    ) -> BoxFuture<'a, Result<Option<BTreeMap<i64, i64>>, BrokerError>> {
        std::future::ready(Ok(None)).boxed()
    }

    /// The last events of a topic, oldest first; none where the broker does not keep what it has delivered.
    fn newest<'a>(
        &'a self,
        _topic: &'a str,
        _limit: u32,
    ) -> BoxFuture<'a, Result<Option<Vec<Arc<Record>>>, BrokerError>> {
        std::future::ready(Ok(None)).boxed()
    }
}

/// How far a group is by its own tables.
pub(crate) struct Standing {
    /// The service that listens.
    pub(crate) service: String,
    pub(crate) group: String,
    /// What its positions are kept by.
    pub(crate) source: String,
    /// By partition.
    pub(crate) positions: BTreeMap<i64, i64>,
}

/// A relay's way to a broker.
pub(crate) trait Publisher: Send {
    /// Publishes records in this order, all of them or some of the first, and waits until the broker has answered
    /// for each of those, or cannot any more. After trouble the next call begins anew, with a new connection where that is needed.
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent>;

    /// Returns with a group that wants to have what the log holds, where the broker does not keep it for whoever
    /// may come. May be dropped and called again at any time; the same group may come again.
    fn newcomer(&mut self) -> BoxFuture<'_, Newcomer>;

    /// As [`Publisher::publish`], for one group alone.
    fn publish_to<'a>(&'a mut self, group: &'a Newcomer, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent>;

    /// The group has everything that was published until now, and gets from here on what all get.
    fn admit<'a>(&'a mut self, group: &'a Newcomer) -> BoxFuture<'a, Result<(), BrokerError>>;

    /// Sends what is on its way, and lets the connection go.
    fn close(&mut self) -> BoxFuture<'_, ()>;
}

/// A group that wants to have what the log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newcomer {
    /// Its queue.
    pub(crate) queue: String,
    /// From when on; everything for a group that is new, and what is younger than this for one that has had it
    /// and wants it again.
    pub(crate) since: Option<Timestamp>,
    /// What the broker is told when it has been served.
    pub(crate) ticket: u64,
}

/// What became of records that were published.
#[derive(Debug)]
pub(crate) struct Sent {
    /// So many of the first are with the broker for good. Later ones may be too.
    pub(crate) confirmed: usize,
    /// So many of those nobody wanted.
    pub(crate) unwanted: usize,
    /// Why not all are confirmed.
    pub(crate) trouble: Option<BrokerError>,
}

impl Sent {
    /// Nothing of it was sent.
    pub(crate) fn failed(error: BrokerError) -> Self {
        Self {
            confirmed: 0,
            unwanted: 0,
            trouble: Some(error),
        }
    }
}

impl Broker {
    /// Publishes something and consumes it again: whether the broker does its work, not merely whether it
    /// accepts a connection.
    pub async fn check(&self) -> Result<(), BrokerError> {
        self.0.check().await
    }

    /// As [`Broker::check`]; no answer for so long is trouble too.
    pub async fn check_within(&self, limit: Duration) -> Result<(), BrokerError> {
        let checked = tokio::time::timeout(limit, self.check()).await;
        checked.unwrap_or_else(|_| {
            Err(BrokerError {
                broker: self.name(),
                reason: format!("no answer within {limit:?}"),
            })
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

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Broker({})", self.name())
    }
}

impl std::fmt::Debug for Carriers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}
