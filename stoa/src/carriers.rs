//! Which topic travels how: read from the outboxes of those who publish it, or by way of a broker.

mod kafka;
mod rabbitmq;

use kit_bus::{Broker, Carriers};
use kit_config::{Check, Loaded, Map};
use kit_event::{CarrierClass, Topic};
use kit_runtime::{Clock, Ids};

use crate::services;
use crate::settings::section;

pub(crate) use kafka::KafkaConfig;
pub(crate) use rabbitmq::RabbitMqConfig;

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
    let choices: CarriersConfig = section(config)?;
    let brokers = Brokers::open(config, clock, ids)?;
    let mut carriers = Carriers::embedded();
    for topic in topics() {
        let named = choices.by_topic.get(topic.name).copied();
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
    fn open(config: &Loaded, clock: &Clock, ids: &Ids) -> anyhow::Result<Self> {
        Ok(Self {
            rabbitmq: rabbitmq::open(section(config)?, clock, ids)?,
            kafka: kafka::open(section(config)?, clock, ids)?,
        })
    }

    /// How a topic travels that nobody was told about.
    fn usual(&self, topic: &Topic) -> CarrierKind {
        match (&self.rabbitmq, &self.kafka, topic.carrier) {
            (Some(_), None, _) | (Some(_), Some(_), CarrierClass::Queue) => CarrierKind::RabbitMq,
            (None, Some(_), _) | (Some(_), Some(_), CarrierClass::Stream) => CarrierKind::Kafka,
            (None, None, _) => CarrierKind::Embedded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::catalog;

    const RABBITMQ: (&str, &str) = ("rabbitmq.url", "amqp://user:password@localhost:5672/");
    const KAFKA: (&str, &str) = ("kafka.brokers", "localhost:9092");

    fn brokers(settings: &[(&str, &str)]) -> anyhow::Result<Brokers> {
        let flags = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = kit_config::Sources {
            flags: flags.collect(),
            ..kit_config::Sources::default()
        };
        let config = catalog().load(sources)?;
        Brokers::open(&config, &Clock::system(), &Ids::system())
    }

    #[cfg(all(feature = "rabbitmq", feature = "kafka"))]
    #[test]
    fn the_class_of_a_topic_decides_where_both_brokers_are_configured() {
        let usual = |settings: &[(&str, &str)], carrier| {
            let topic = Topic {
                name: "orders",
                retention: kit_event::Retention::Usual,
                carrier,
                key: "the order's id",
            };
            brokers(settings).unwrap().usual(&topic)
        };
        let (queue, stream) = (CarrierClass::Queue, CarrierClass::Stream);
        assert_eq!(usual(&[RABBITMQ, KAFKA], queue), CarrierKind::RabbitMq);
        assert_eq!(usual(&[RABBITMQ, KAFKA], stream), CarrierKind::Kafka);
        for class in [queue, stream] {
            assert_eq!(usual(&[RABBITMQ], class), CarrierKind::RabbitMq);
            assert_eq!(usual(&[KAFKA], class), CarrierKind::Kafka);
            assert_eq!(usual(&[], class), CarrierKind::Embedded);
        }
    }

    #[test]
    fn a_broker_that_this_binary_is_built_without_is_an_error_that_names_the_feature() {
        let (has_rabbitmq, has_kafka) = (cfg!(feature = "rabbitmq"), cfg!(feature = "kafka"));
        for (setting, feature, is_linked) in
            [(RABBITMQ, "rabbitmq", has_rabbitmq), (KAFKA, "kafka", has_kafka)]
        {
            match brokers(&[setting]) {
                Ok(_) => assert!(is_linked, "{feature}"),
                Err(error) => {
                    let expected = format!("is built without the feature `{feature}`");
                    assert!(!is_linked && error.to_string().ends_with(&expected), "{error}");
                }
            }
        }
    }
}
