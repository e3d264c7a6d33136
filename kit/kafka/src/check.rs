//! Whether Kafka does its work: a message is published to a small topic of ours, and that one is consumed again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::lock::Mutex;
use kit_bus::carrier::BrokerError;
use kit_event::Retention;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client::{Consumer, LogContext, Producer, publishing};
use crate::{Hub, KafkaSettings, broker_error, topics};

/// How long its messages are kept.
const KEPT: Duration = Duration::from_mins(10);

/// Its producer, kept between the checks.
pub(crate) struct Health {
    hub: Arc<Hub>,
    producer: Mutex<Option<Producer>>,
}

impl Health {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            producer: Mutex::new(None),
        }
    }

    pub(crate) async fn check(&self) -> Result<(), BrokerError> {
        let mut kept = self.producer.lock().await;
        let settings = small(&self.hub.settings);
        let name = format!("{}.health", settings.prefix);
        let (asked, topic) = (settings.clone(), name.clone());
        let ensured = self
            .hub
            .client
            .ask("making sure of the topic of checks", move |consumer| {
                topics::ensure(consumer, &asked, &topic, Retention::Usual)
            });
        ensured.await?;
        let producer = match kept.take() {
            Some(producer) => producer,
            None => publishing(&settings)
                .create_with_context(LogContext)
                .map_err(broker_error)?,
        };
        let id = self.hub.ids.uuid().to_string();
        let wire_name = settings.wire_name(&name);
        let sent = producer.send_result(FutureRecord::to(&wire_name).key(&id).payload(""));
        let sent = sent.map_err(|(error, _)| broker_error(format_args!("publishing: {error}")))?;
        let delivery = match tokio::time::timeout(settings.answer_limit, sent).await {
            Ok(Ok(Ok(delivery))) => delivery,
            Ok(Ok(Err((error, _)))) => return Err(broker_error(format_args!("publishing: {error}"))),
            Ok(Err(_)) | Err(_) => return Err(broker_error("publishing: no answer")),
        };
        // One that failed is not used again.
        *kept = Some(producer);
        let consumed = self.hub.client.ask("consuming", move |consumer| {
            let here = (wire_name.as_str(), delivery.partition, delivery.offset);
            consume(consumer, here, &id, settings.answer_limit)
        });
        consumed.await
    }
}

/// What the topic is like.
fn small(settings: &KafkaSettings) -> KafkaSettings {
    KafkaSettings {
        partitions: 1,
        kept: KEPT,
        ..settings.clone()
    }
}

fn consume(
    consumer: &Consumer,
    (wire_name, partition, offset): (&str, i32, i64),
    id: &str,
    limit: Duration,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(wire_name, partition, Offset::Offset(offset))?;
    consumer.assign(&list)?;
    let found = wait_for(consumer, id, limit);
    consumer.unassign()?;
    found
}

fn wait_for(consumer: &Consumer, id: &str, limit: Duration) -> KafkaResult<()> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(polled) = consumer.poll(limit.saturating_sub(begun.elapsed()))
            && polled?.key() == Some(id.as_bytes())
        {
            return Ok(());
        }
    }
    Err(KafkaError::MessageConsumption(
        RDKafkaErrorCode::OperationTimedOut,
    ))
}
