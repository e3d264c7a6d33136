//! Which topic travels how: read from the outboxes of those who publish it, or by way of a broker.

use kit_bus::{Broker, Carriers, KafkaSettings, RabbitMqSettings};
use kit_config::{Check, Loaded, Map, Span};
use kit_event::{CarrierClass, Topic};
use kit_runtime::{Clock, Ids, Secret};

use crate::services;
use crate::settings::section;

kit_config::config_choice! {
    /// How the events of a topic travel.
    pub(crate) enum CarrierKind {
        /// Read from the outbox of who publishes it.
        Embedded = "embedded",
        /// By way of RabbitMQ.
        RabbitMq = "rabbitmq",
        /// By way of Kafka.
        Kafka = "kafka",
    }
}

kit_config::config! {
    /// How events travel, by topic. One that is not named here goes by the broker that is configured; where both
    /// are, work that is handed out goes by RabbitMQ, and histories that are read go by Kafka.
    pub(crate) struct CarriersConfig("carriers") {
        /// How the events of a topic travel. Every process must be told the same.
        #[key("*")]
        by_topic: Map<CarrierKind>,
    }
    validate(check_topics)
}

fn check_topics(config: &CarriersConfig, check: &mut Check<'_>) {
    for topic in config.by_topic.keys() {
        if !topics().any(|known| known.name == topic) {
            let known: Vec<_> = topics().map(|known| known.name).collect();
            check.refuse(
                topic,
                format!("nobody publishes it; there are {}", known.join(", ")),
            );
        }
    }
}

kit_config::config! {
    /// RabbitMQ, as a carrier of events.
    pub(crate) struct RabbitMqConfig("rabbitmq") {
        /// `amqp://user:password@host:port/vhost`, or `amqps://…` for TLS.
        url: Option<Secret<String>>,
        /// The topic exchange to publish to. The names of all other exchanges and queues begin with it.
        exchange: String = "stoa",
    }
}

kit_config::config! {
    /// Kafka, as a carrier of events. Without TLS: where the way to the brokers is not private, put a tunnel on it.
    pub(crate) struct KafkaConfig("kafka") {
        /// `host:port` of some of the brokers, with commas in between.
        brokers: Option<String>,
        /// For SASL PLAIN; nobody signs in where there is none.
        user: Option<String>,
        /// Its password.
        password: Option<Secret<String>>,
        /// What the names of topics begin with, such as to share a cluster.
        topic_prefix: String = "",
        /// Partitions of a topic that is made because it is missing.
        partitions: u16 = "16",
        /// Copies of such a topic; as the cluster sees fit where there is no number.
        replication: Option<u16>,
        /// How long such a topic keeps its events, unless those are kept for ever.
        kept: Span = "7d",
    }
}

/// The brokers that are configured.
struct Brokers {
    rabbitmq: Option<Broker>,
    kafka: Option<Broker>,
}

/// Every topic that a service of this binary publishes.
fn topics() -> impl Iterator<Item = &'static Topic> {
    services::all().flat_map(|service| service.topics.iter().copied())
}

/// Which topics come from which broker.
pub(crate) fn open(config: &Loaded, clock: &Clock, ids: &Ids) -> anyhow::Result<Carriers> {
    let wanted: CarriersConfig = section(config)?;
    let brokers = Brokers {
        rabbitmq: rabbitmq(section(config)?, clock, ids)?,
        kafka: kafka(section(config)?, clock, ids)?,
    };
    let mut carriers = Carriers::embedded();
    for topic in topics() {
        let named = wanted.by_topic.get(topic.name).copied();
        let broker = match named.unwrap_or_else(|| brokers.usual(topic)) {
            CarrierKind::Embedded => continue,
            CarrierKind::RabbitMq => &brokers.rabbitmq,
            CarrierKind::Kafka => &brokers.kafka,
        };
        let Some(broker) = broker else {
            anyhow::bail!("`carriers.{}` names a broker that is not configured", topic.name);
        };
        carriers = carriers.carry(topic, broker);
    }
    Ok(carriers)
}

impl Brokers {
    /// How a topic travels that nobody was told about.
    fn usual(&self, topic: &Topic) -> CarrierKind {
        match (&self.rabbitmq, &self.kafka, topic.carrier) {
            (Some(_), None, _) | (Some(_), Some(_), CarrierClass::Queue) => CarrierKind::RabbitMq,
            (None, Some(_), _) | (Some(_), Some(_), CarrierClass::Stream) => CarrierKind::Kafka,
            (None, None, _) => CarrierKind::Embedded,
        }
    }
}

fn rabbitmq(config: RabbitMqConfig, clock: &Clock, ids: &Ids) -> anyhow::Result<Option<Broker>> {
    let Some(url) = config.url else {
        return Ok(None);
    };
    let settings = RabbitMqSettings {
        exchange: config.exchange,
        ..RabbitMqSettings::new(url)
    };
    Ok(Some(Broker::rabbitmq(settings, clock.clone(), ids.clone())?))
}

fn kafka(config: KafkaConfig, clock: &Clock, ids: &Ids) -> anyhow::Result<Option<Broker>> {
    let Some(servers) = config.brokers else {
        return Ok(None);
    };
    let settings = KafkaSettings {
        user: config.user,
        password: config.password.unwrap_or_else(|| Secret::new(String::new())),
        topic_prefix: config.topic_prefix,
        partitions: config.partitions,
        replication: config.replication,
        kept: config.kept.into(),
        ..KafkaSettings::new(servers)
    };
    Ok(Some(Broker::kafka(settings, clock.clone(), ids.clone())?))
}
