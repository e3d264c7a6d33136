//! Kafka, as a carrier of events.

use anyhow::Result;
use kit_bus::Broker;
use kit_config::Span;
use kit_runtime::{Clock, Ids, Secret};

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

/// The broker, where one is configured.
#[cfg(feature = "kafka")]
pub(super) fn open(config: KafkaConfig, clock: &Clock, ids: &Ids) -> Result<Option<Broker>> {
    let Some(servers) = config.brokers else {
        return Ok(None);
    };
    let settings = kit_kafka::KafkaSettings {
        user: config.user,
        password: config.password.unwrap_or_else(|| Secret::new(String::new())),
        topic_prefix: config.topic_prefix,
        partitions: config.partitions,
        replication: config.replication,
        kept: config.kept.into(),
        ..kit_kafka::KafkaSettings::new(servers)
    };
    Ok(Some(kit_kafka::open(settings, clock.clone(), ids.clone())?))
}

#[cfg(not(feature = "kafka"))]
pub(super) fn open(config: KafkaConfig, _: &Clock, _: &Ids) -> Result<Option<Broker>> {
    match config.brokers {
        None => Ok(None),
        Some(_) => {
            anyhow::bail!("`kafka.brokers` is set, but this `stoa` is built without the feature `kafka`")
        }
    }
}
