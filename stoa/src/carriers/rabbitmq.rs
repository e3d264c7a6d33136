//! RabbitMQ, as a carrier of events.

use anyhow::Result;
use kit_bus::Broker;
use kit_runtime::{Clock, Ids, Secret};

kit_config::config! {
    /// RabbitMQ, as a carrier of events.
    pub(crate) struct RabbitMqConfig("rabbitmq") {
        /// `amqp://user:password@host:port/vhost`, or `amqps://…` for TLS.
        url: Option<Secret<String>>,
        /// The topic exchange to publish to. The names of all other exchanges and queues begin with it.
        exchange: String = "stoa",
    }
}

/// The broker, where one is configured.
#[cfg(feature = "rabbitmq")]
pub(super) fn open(config: RabbitMqConfig, clock: &Clock, ids: &Ids) -> Result<Option<Broker>> {
    let Some(url) = config.url else {
        return Ok(None);
    };
    let settings = kit_rabbitmq::RabbitMqSettings {
        exchange: config.exchange,
        ..kit_rabbitmq::RabbitMqSettings::new(url)
    };
    Ok(Some(kit_rabbitmq::open(settings, clock.clone(), ids.clone())?))
}

#[cfg(not(feature = "rabbitmq"))]
pub(super) fn open(config: RabbitMqConfig, _: &Clock, _: &Ids) -> Result<Option<Broker>> {
    match config.url {
        None => Ok(None),
        Some(_) => {
            anyhow::bail!("`rabbitmq.url` is set, but this `stoa` is built without the feature `rabbitmq`")
        }
    }
}
