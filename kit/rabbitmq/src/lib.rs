//! RabbitMQ: a durable topic exchange, and a quorum queue for each group.
//!
//! Events go to the exchange with the routing key `topic.type`; a group's queue is bound to the topics that it
//! listens to. A queue that is new, or was lost, is filled from the logs of the producers first. Each has a
//! dead-letter queue beside it, which only gets what has no identity, and what killed its consumers more often
//! than the broker bears: everything else that fails is parked in the consumer's own database.
//!
//! One file a role: `link` is a connection, `topology` names and makes what is needed, `message` is an
//! event on the wire, `publish` is a relay's way in, `join_requests` is where it hears of new groups, `queue`
//! feeds a group, `tail` a broadcast, and
//! `check` asks whether it all works. Publishing and consuming never share a connection, since a broker that
//! runs out of memory holds back those that publish.

mod check;
mod join_requests;
mod link;
mod message;
mod publish;
mod queue;
mod tail;
mod topology;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_bus::carrier::{Broker, BrokerError, Carrier, Publisher, Standing, Subscription, Tail};
use kit_event::Topic;
use kit_runtime::{Clock, Ids, Secret, Timestamp};

use link::{Link, Purpose};
use topology::{Exchanges, Queues};

/// Its kind: the source that positions and parked events of a group are kept by.
const NAME: &str = "rabbitmq";

/// How RabbitMQ is reached and used.
#[derive(Clone, Debug)]
pub struct RabbitMqSettings {
    /// `amqp://user:password@host:port/vhost`, or `amqps` for TLS.
    pub url: Secret<String>,
    /// With `amqps`: certificates in DER, one of which must have signed the broker's. The operating system's
    /// where there are none.
    pub roots: Vec<Vec<u8>>,
    /// The topic exchange to publish to. The names of all other exchanges and queues begin with it.
    pub exchange: String,
    /// Events that a group has been sent and has not acknowledged, at most.
    pub prefetch: u16,
    /// How often the broker sends an event whose consumer goes away each time, before it becomes a dead letter
    /// at the broker. Half of it makes a dead letter of the group's own. Interruptions that are nobody's fault
    /// count too, so it is no small number.
    pub delivery_limit: u32,
    /// How long a connection, and each question to the broker, may take.
    pub answer_limit: Duration,
    /// How long the broker may take to confirm what was published.
    pub confirm_limit: Duration,
    /// How often each side says that it lives. After two silences the connection is given up, which must be
    /// sooner than the lease of a process ends.
    pub heartbeat: Duration,
    /// The pause before connecting again; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl RabbitMqSettings {
    /// The defaults, with a broker.
    pub fn new(url: Secret<String>) -> Self {
        Self {
            url,
            roots: Vec::new(),
            exchange: "stoa".to_owned(),
            prefetch: 1_000,
            delivery_limit: 400,
            answer_limit: Duration::from_secs(10),
            confirm_limit: Duration::from_secs(15),
            heartbeat: Duration::from_secs(5),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// What all of a broker's users share.
struct Hub {
    exchanges: Exchanges,
    settings: RabbitMqSettings,
    clock: Clock,
    ids: Ids,
}

struct RabbitMq(Arc<Hub>);

/// A RabbitMQ. Connects to nothing yet; a broker that is away is tried again for ever. An address that can never
/// work is an error.
pub fn open(settings: RabbitMqSettings, clock: Clock, ids: Ids) -> Result<Broker, BrokerError> {
    link::check_address(&settings)?;
    Ok(Broker::new(RabbitMq(Arc::new(Hub {
        exchanges: Exchanges::new(&settings.exchange),
        settings,
        clock,
        ids,
    }))))
}

impl RabbitMq {
    /// A connection to look by, and the names of the group's part.
    async fn look(&self, standing: &Standing) -> Result<(Link, Queues), BrokerError> {
        let link = Link::open(&self.0, Purpose::Look).await?;
        let names = Queues::new(&self.0.settings.exchange, &standing.service, &standing.group);
        Ok((link, names))
    }
}

impl Carrier for RabbitMq {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Who has the group's lease consumes, and its processors share the work by key.
    fn subscribe(&self, subscription: &Subscription) {
        let setup = Arc::new(queue::Setup {
            hub: self.0.clone(),
            names: Queues::new(
                &self.0.settings.exchange,
                subscription.service(),
                subscription.group(),
            ),
            topics: names(&subscription.topics()),
            relayed: names(&subscription.relayed_topics()),
        });
        subscription.feed_queue(NAME, move || queue::QueueFeed::new(setup.clone()));
    }

    fn tail(&self, topics: &[&'static Topic]) -> Box<dyn Tail> {
        Box::new(tail::QueueTail::new(self.0.clone(), names(topics)))
    }

    fn publisher(&self, service: &str, topic: &'static Topic) -> Box<dyn Publisher> {
        Box::new(publish::RabbitPublisher::new(self.0.clone(), service, topic.name))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), BrokerError>> {
        check::check(&self.0).boxed()
    }

    fn backlog<'a>(&'a self, standing: &'a Standing) -> BoxFuture<'a, Result<Option<u64>, BrokerError>> {
        async move {
            let (link, names) = self.look(standing).await?;
            topology::waiting(&link, &link.channel, &names.queue).await
        }
        .boxed()
    }

    fn resend<'a>(
        &'a self,
        standing: &'a Standing,
        topics: &'a [&'static str],
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<&'static str>, BrokerError>> {
        async move {
            let (link, names) = self.look(standing).await?;
            topology::exchanges(&link, &self.0.exchanges).await?;
            topology::confirms(&link).await?;
            let mut asked = Vec::new();
            for topic in topics {
                let is_heard = topology::is_in_stream(&link, &names.queue, topic).await?;
                if is_heard && join_requests::ask(&self.0, &link, &names.queue, topic, Some(since)).await? {
                    asked.push(*topic);
                }
            }
            link.close().await;
            Ok(asked)
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        standing: &'a Standing,
        topics: &'a [&'static str],
    ) -> BoxFuture<'a, Result<(), BrokerError>> {
        async move {
            let (link, names) = self.look(standing).await?;
            topology::remove(&link, &names, topics).await?;
            link.close().await;
            Ok(())
        }
        .boxed()
    }
}

fn names(topics: &[&'static Topic]) -> Vec<&'static str> {
    topics.iter().map(|topic| topic.name).collect()
}

/// Something that RabbitMQ, or the way to it, refused.
fn broker_error(what: impl fmt::Display) -> BrokerError {
    BrokerError::new(NAME, what)
}
