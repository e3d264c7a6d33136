//! Clients of the library: what they have in common, and what becomes of what they say.

use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::FutureProducer;
use rdkafka::topic_partition_list::TopicPartitionList;

use crate::KafkaSettings;

pub(crate) type Consumer = BaseConsumer<LogContext>;
pub(crate) type Producer = FutureProducer<LogContext>;

/// The pauses before connecting again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long the brokers may wait for something new before they answer that there is nothing. A partition that is
/// read from now on waits for the end of it.
const FETCH_WAIT: Duration = Duration::from_millis(250);

/// What is fetched ahead for each partition, until it is read.
const AHEAD_KBYTES: u32 = 2_048;

/// The pause before more is fetched ahead.
const AHEAD_PAUSE: Duration = Duration::from_millis(20);

/// How long to gather what is published together; a relay hands over a batch at once.
const LINGER: Duration = Duration::from_millis(1);

/// Tells what the library says. It reports each attempt to connect, and whoever waits for the brokers tells that
/// with what it was waiting for, so nothing of it is more than a detail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogContext;

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, message, "Kafka's client says");
            }
            _ => tracing::debug!(facility, message, "Kafka's client says"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka's client is in trouble");
    }
}

impl ConsumerContext for LogContext {
    /// Nobody depends on what Kafka knows of our offsets.
    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "Kafka does not note offsets");
        }
    }
}

/// Whether clients can be made by these settings.
pub(crate) fn check(settings: &KafkaSettings) -> KafkaResult<()> {
    consuming(settings, "check").create_native_config()?;
    publishing(settings).create_native_config()?;
    Ok(())
}

pub(crate) fn config(settings: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.servers)
        .set("client.id", &settings.prefix)
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", millis(settings.answer_limit))
        .set(
            "socket.connection.setup.timeout.ms",
            millis(settings.answer_limit),
        )
        .set("reconnect.backoff.ms", millis(FIRST_PAUSE))
        .set("reconnect.backoff.max.ms", millis(LONGEST_PAUSE))
        .set(
            "topic.metadata.refresh.interval.ms",
            millis(Duration::from_mins(1)),
        )
        .set("log.connection.close", "false")
        .set("enable.metrics.push", "false");
    if let Some(user) = &settings.user {
        config
            .set("security.protocol", "SASL_PLAINTEXT")
            .set("sasl.mechanisms", "PLAIN")
            .set("sasl.username", user)
            .set("sasl.password", settings.password.expose());
    }
    config
}

/// A client that reads what it is assigned, and is in no group as far as Kafka knows: the name is what offsets
/// are noted by.
pub(crate) fn consuming(settings: &KafkaSettings, group: &str) -> ClientConfig {
    let mut config = config(settings);
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // We know where to go on, and want to hear when that is not there.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", millis(FETCH_WAIT))
        .set("queued.max.messages.kbytes", AHEAD_KBYTES.to_string())
        .set("fetch.queue.backoff.ms", millis(AHEAD_PAUSE));
    config
}

/// A client that publishes each message once and in order, or stops. A message is never given up by the client
/// alone: one that was while later ones went out would be out of order when it is sent again.
pub(crate) fn publishing(settings: &KafkaSettings) -> ClientConfig {
    let mut config = config(settings);
    config
        .set("enable.idempotence", "true")
        .set("enable.gapless.guarantee", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", "0")
        .set("linger.ms", millis(LINGER))
        .set("compression.type", "lz4");
    config
}

fn millis(span: Duration) -> String {
    span.as_millis().to_string()
}
