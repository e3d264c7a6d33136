//! Kafka: a topic for each of ours, its offsets kept in the consumers' own databases.
//!
//! An event's key is the record's key, hashed as Java's clients do it, so that foreign producers and ours agree
//! on partitions. Topics that are missing are made. A group's partitions are shared out by its leases, as those
//! of a log are, and not by Kafka: who may commit an effect is decided in the database where it is committed. A
//! position is the offset after the last event that is done with, in the transaction of the effect; Kafka is
//! told about it too, so that its own tools show how far we are, but is never asked.
//!
//! One file a role: `client` sets the library up, `blocking` is a thread for calls that block, `topics` makes
//! topics and knows their offsets, `message` is an event on the wire, `publish` is a relay's way in,
//! `reader` is the thread that polls, `feed` gives what it reads to a group, `tail` to a broadcast, and
//! `check` asks whether it all works.
//!
//! There is no TLS here, and of SASL only PLAIN: the library has both by OpenSSL alone. Where the way to the
//! brokers is not private, put a tunnel on it.

mod blocking;
mod check;
mod client;
mod feed;
mod message;
mod publish;
mod reader;
mod tail;
mod topics;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_bus::carrier::{Broker, BrokerError, Carrier, Publisher, Record, Standing, Subscription, Tail};
use kit_event::Topic;
use kit_runtime::{Clock, Ids, Secret, Timestamp};

use blocking::BlockingClient;

/// Its kind. Positions and parked events of a group are kept by this and the topic ([`source_of`]).
const NAME: &str = "kafka";

/// How Kafka is reached and used.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port` of some of the brokers, with commas in between.
    pub servers: String,
    /// For SASL PLAIN; nobody signs in where there is none.
    pub user: Option<String>,
    /// Its password.
    pub password: Secret<String>,
    /// What the names of groups begin with.
    pub prefix: String,
    /// What the names of topics begin with, such as to share a cluster. Usually nothing.
    pub topic_prefix: String,
    /// Partitions of a topic that we make. Each can be consumed by another process. More can be added to a topic
    /// later, but then the keys move, and their order is lost once.
    pub partitions: u16,
    /// Copies of a topic that we make; as the cluster sees fit where there is no number.
    pub replication: Option<u16>,
    /// How long a topic that we make keeps its events, where they are not kept for ever.
    pub kept: Duration,
    /// How long a connection, and each question to the brokers, may take.
    pub answer_limit: Duration,
    /// How long the brokers may take to confirm what was published.
    pub confirm_limit: Duration,
    /// How often to look how far a topic goes, whether it still is the same, and whether it has more partitions.
    pub look: Duration,
}

impl KafkaSettings {
    /// The defaults, with some of the brokers.
    pub fn new(servers: impl Into<String>) -> Self {
        Self {
            servers: servers.into(),
            user: None,
            password: Secret::new(String::new()),
            prefix: "stoa".to_owned(),
            topic_prefix: String::new(),
            partitions: 16,
            replication: None,
            kept: Duration::from_hours(7 * 24),
            answer_limit: Duration::from_secs(10),
            confirm_limit: Duration::from_secs(15),
            look: Duration::from_secs(10),
        }
    }

    /// What a topic is called at the brokers.
    fn wire_name(&self, topic: &str) -> String {
        format!("{}{topic}", self.topic_prefix)
    }
}

/// What all of a broker's users share.
struct Hub {
    settings: KafkaSettings,
    clock: Clock,
    ids: Ids,
    client: BlockingClient,
}

struct Kafka {
    hub: Arc<Hub>,
    health: check::Health,
}

/// A Kafka. Connects to nothing yet; brokers that are away are tried again for ever. Settings that can never work
/// are an error.
pub fn open(settings: KafkaSettings, clock: Clock, ids: Ids) -> Result<Broker, BrokerError> {
    client::check(&settings).map_err(broker_error)?;
    let hub = Arc::new(Hub {
        client: BlockingClient::new(settings.clone()),
        settings,
        clock,
        ids,
    });
    Ok(Broker::new(Kafka {
        health: check::Health::new(hub.clone()),
        hub,
    }))
}

impl Carrier for Kafka {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Each topic for itself, all under the group's own leases.
    fn subscribe(&self, subscription: &Subscription) {
        let prefix = &self.hub.settings.prefix;
        let kafka_group = format!("{prefix}.{}.{}", subscription.service(), subscription.group());
        for topic in subscription.topics() {
            let setup = Arc::new(feed::Setup {
                hub: self.hub.clone(),
                topic,
                kafka_group: kafka_group.clone(),
                page: subscription.page(),
            });
            let feed = move || feed::KafkaFeed::new(setup.clone());
            subscription.feed_stream(source_of(topic.name), feed);
        }
    }

    fn tail(&self, topics: &[&'static Topic]) -> Box<dyn Tail> {
        Box::new(tail::KafkaTail::new(self.hub.clone(), topics.to_vec()))
    }

    fn publisher(&self, _service: &str, topic: &'static Topic) -> Box<dyn Publisher> {
        Box::new(publish::KafkaPublisher::new(self.hub.clone(), topic))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), BrokerError>> {
        self.health.check().boxed()
    }

    fn backlog<'a>(&'a self, standing: &'a Standing) -> BoxFuture<'a, Result<Option<u64>, BrokerError>> {
        async move {
            let Some(topic) = topic_of(&standing.source) else {
                return Ok(None);
            };
            let bounds = topics::bounds(&self.hub, topic).await?;
            Ok(bounds.map(|bounds| waiting(&bounds, &standing.positions)))
        }
        .boxed()
    }

    /// Nothing: topics keep what they have delivered.
    fn resend<'a>(
        &'a self,
        _standing: &'a Standing,
        _topics: &'a [&'static str],
        _since: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, BrokerError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn since<'a>(
        &'a self,
        source: &'a str,
        moment: Timestamp,
    ) -> BoxFuture<'a, Result<Option<BTreeMap<i64, i64>>, BrokerError>> {
        async move {
            match topic_of(source) {
                Some(topic) => topics::since(&self.hub, topic, moment).await,
                None => Ok(None),
            }
        }
        .boxed()
    }

    fn newest<'a>(
        &'a self,
        topic: &'a str,
        limit: u32,
    ) -> BoxFuture<'a, Result<Option<Vec<Arc<Record>>>, BrokerError>> {
        topics::newest(&self.hub, topic, limit).boxed()
    }
}

/// How many events lie behind positions. What was removed waits for nobody.
fn waiting(bounds: &BTreeMap<i64, topics::Bounds>, positions: &BTreeMap<i64, i64>) -> u64 {
    let waiting = bounds.iter().map(|(partition, bounds)| {
        let position = positions.get(partition).copied().unwrap_or(0);
        u64::try_from(bounds.high - position.max(bounds.low)).unwrap_or(0)
    });
    waiting.sum()
}

/// What positions of a topic are kept by.
fn source_of(topic: &str) -> String {
    format!("{NAME}/{topic}")
}

fn topic_of(source: &str) -> Option<&str> {
    source.strip_prefix(NAME)?.strip_prefix('/')
}

/// Something that Kafka, or the way to it, refused.
fn broker_error(what: impl fmt::Display) -> BrokerError {
    BrokerError::new(NAME, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_from_what_is_still_there() {
        let bounds = |low, high| topics::Bounds { low, high };
        let all = BTreeMap::from([(0, bounds(0, 10)), (1, bounds(5, 8)), (2, bounds(0, 3))]);
        let positions = BTreeMap::from([(0, 4), (1, 2), (2, 7)]);
        assert_eq!(waiting(&all, &positions), 6 + 3);
        assert_eq!(waiting(&all, &BTreeMap::new()), 10 + 3 + 3);
    }

    #[test]
    fn a_source_tells_its_topic() {
        assert_eq!(topic_of(&source_of("counts")), Some("counts"));
        assert_eq!(topic_of("kafkaesque"), None);
        assert_eq!(topic_of("counter"), None);
    }
}
