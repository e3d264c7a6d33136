//! Topics: how they are made, and how far they go. What asks the brokers here blocks, and runs on the client's
//! thread or a reader's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kit_bus::carrier::{BrokerError, Record};
use kit_event::Retention;
use kit_runtime::Timestamp;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client::{Consumer, LogContext, config};
use crate::{Hub, KafkaSettings, message};

/// Between two looks whether a new topic is there.
const LOOK: Duration = Duration::from_millis(50);

/// The least copies of a topic that make it worth asking for more than one confirmation.
const MANY_COPIES: u16 = 3;

/// Which offsets a partition holds: from the first on, and up to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

/// Makes sure that a topic is there; how many partitions it has.
pub(crate) fn ensure(
    consumer: &Consumer,
    settings: &KafkaSettings,
    topic: &str,
    retention: Retention,
) -> KafkaResult<i32> {
    let wire_name = settings.wire_name(topic);
    if let Some(count) = count(consumer, settings, &wire_name)? {
        return Ok(count);
    }
    create(settings, &new_topic(settings, topic, retention))?;
    let begun = Instant::now();
    loop {
        if let Some(count) = count(consumer, settings, &wire_name)? {
            tracing::info!(topic = wire_name, partitions = count, "a topic is made");
            return Ok(count);
        }
        if begun.elapsed() > settings.answer_limit {
            return Err(KafkaError::MetadataFetch(
                RDKafkaErrorCode::UnknownTopicOrPartition,
            ));
        }
        thread::sleep(LOOK);
    }
}

/// How many partitions a topic has; none where it is not there, or not whole yet.
pub(crate) fn count(
    consumer: &Consumer,
    settings: &KafkaSettings,
    wire_name: &str,
) -> KafkaResult<Option<i32>> {
    let metadata = consumer.fetch_metadata(Some(wire_name), settings.answer_limit)?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == wire_name) else {
        return Ok(None);
    };
    if let Some(error) = topic.error() {
        return match RDKafkaErrorCode::from(error) {
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::LeaderNotAvailable => Ok(None),
            error => Err(KafkaError::MetadataFetch(error)),
        };
    }
    let partitions = topic.partitions();
    let all_led = partitions.iter().all(|partition| partition.leader() >= 0);
    let count = i32::try_from(partitions.len()).unwrap_or(i32::MAX);
    Ok((all_led && count > 0).then_some(count))
}

/// What a topic that we make is like, whatever the cluster's defaults are. The brokers' time stands on its
/// events, so that old ones that were held up are not removed before they are read.
struct TopicSpec {
    name: String,
    partitions: i32,
    replication: i32,
    config: Vec<(&'static str, String)>,
}

fn new_topic(settings: &KafkaSettings, topic: &str, retention: Retention) -> TopicSpec {
    let kept = match retention {
        Retention::Usual => settings.kept.as_millis().to_string(),
        Retention::Forever => "-1".to_owned(),
    };
    let mut config = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", kept),
        ("retention.bytes", "-1".to_owned()),
        ("message.timestamp.type", "LogAppendTime".to_owned()),
    ];
    if settings.replication.is_some_and(|copies| copies >= MANY_COPIES) {
        config.push(("min.insync.replicas", "2".to_owned()));
    }
    TopicSpec {
        name: settings.wire_name(topic),
        partitions: settings.partitions.max(1).into(),
        replication: settings.replication.map_or(-1, i32::from),
        config,
    }
}

fn create(settings: &KafkaSettings, wanted: &TopicSpec) -> KafkaResult<()> {
    let admin: AdminClient<LogContext> = config(settings).create_with_context(LogContext)?;
    let options = AdminOptions::new()
        .request_timeout(Some(settings.answer_limit))
        .operation_timeout(Some(settings.answer_limit));
    let mut topic = NewTopic::new(
        &wanted.name,
        wanted.partitions,
        TopicReplication::Fixed(wanted.replication),
    );
    for (name, value) in &wanted.config {
        topic = topic.set(name, value);
    }
    let created = futures::executor::block_on(admin.create_topics([&topic], &options))?;
    for outcome in created {
        match outcome {
            // Somebody else was quicker.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, error)) => return Err(KafkaError::AdminOp(error)),
        }
    }
    Ok(())
}

pub(crate) fn bounds_of(
    consumer: &Consumer,
    settings: &KafkaSettings,
    wire_name: &str,
    partition: i32,
) -> KafkaResult<Bounds> {
    let (low, high) = consumer.fetch_watermarks(wire_name, partition, settings.answer_limit)?;
    Ok(Bounds { low, high })
}

/// The first offset that came at or after a moment; the end where nothing did.
pub(crate) fn offset_since(
    consumer: &Consumer,
    settings: &KafkaSettings,
    (wire_name, partition): (&str, i32),
    moment: Timestamp,
) -> KafkaResult<i64> {
    let mut asked = TopicPartitionList::new();
    let millis = (moment.as_micros() / 1_000).max(0);
    asked.add_partition_offset(wire_name, partition, Offset::Offset(millis))?;
    let found = consumer.offsets_for_times(asked, settings.answer_limit)?;
    for element in found.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            return Ok(offset);
        }
    }
    Ok(bounds_of(consumer, settings, wire_name, partition)?.high)
}

/// Makes a topic that is missing; how many partitions it has.
pub(crate) async fn make_sure(hub: &Hub, topic: &str, retention: Retention) -> Result<i32, BrokerError> {
    let (settings, topic) = (hub.settings.clone(), topic.to_owned());
    let asked = hub.client.ask("making sure of a topic", move |consumer| {
        ensure(consumer, &settings, &topic, retention)
    });
    asked.await
}

/// How far each partition of a topic goes; none where there is no such topic.
pub(crate) async fn bounds(hub: &Hub, topic: &str) -> Result<Option<BTreeMap<i64, Bounds>>, BrokerError> {
    let (settings, wire_name) = (hub.settings.clone(), hub.settings.wire_name(topic));
    let asked = hub.client.ask("how far a topic goes", move |consumer| {
        let Some(count) = count(consumer, &settings, &wire_name)? else {
            return Ok(None);
        };
        let bounds = (0..count).map(|partition| {
            let bounds = bounds_of(consumer, &settings, &wire_name, partition)?;
            Ok((i64::from(partition), bounds))
        });
        bounds.collect::<KafkaResult<_>>().map(Some)
    });
    asked.await
}

/// The position of each partition before which a moment lies; none where there is no such topic.
pub(crate) async fn since(
    hub: &Hub,
    topic: &str,
    moment: Timestamp,
) -> Result<Option<BTreeMap<i64, i64>>, BrokerError> {
    let (settings, wire_name) = (hub.settings.clone(), hub.settings.wire_name(topic));
    let asked = hub.client.ask("what came since a moment", move |consumer| {
        let Some(count) = count(consumer, &settings, &wire_name)? else {
            return Ok(None);
        };
        let offsets = (0..count).map(|partition| {
            let offset = offset_since(consumer, &settings, (&wire_name, partition), moment)?;
            Ok((i64::from(partition), offset))
        });
        offsets.collect::<KafkaResult<_>>().map(Some)
    });
    asked.await
}

/// The last events of a topic, as far as they can be read within the limit of an answer.
pub(crate) async fn newest(
    hub: &Hub,
    topic: &str,
    limit: u32,
) -> Result<Option<Vec<Arc<Record>>>, BrokerError> {
    let (settings, topic) = (hub.settings.clone(), topic.to_owned());
    let asked = hub.client.ask("the last events of a topic", move |consumer| {
        let wire_name = settings.wire_name(&topic);
        let Some(count) = count(consumer, &settings, &wire_name)? else {
            return Ok(None);
        };
        let mut ends = BTreeMap::new();
        let mut from = TopicPartitionList::new();
        for partition in 0..count {
            let bounds = bounds_of(consumer, &settings, &wire_name, partition)?;
            let first = bounds.low.max(bounds.high - i64::from(limit));
            if first < bounds.high {
                from.add_partition_offset(&wire_name, partition, Offset::Offset(first))?;
                ends.insert(i64::from(partition), bounds.high);
            }
        }
        consumer.assign(&from)?;
        let read = read_to(consumer, &topic, ends, settings.answer_limit);
        consumer.unassign()?;
        let mut records = read?;
        records.sort_by_key(|record| record.created_at);
        let surplus = records.len().saturating_sub(limit as usize);
        records.drain(..surplus);
        Ok(Some(records))
    });
    asked.await
}

/// Reads partitions up to their ends. One that ends in what is no event is waited for until the time is up.
fn read_to(
    consumer: &Consumer,
    topic: &str,
    mut ends: BTreeMap<i64, i64>,
    limit: Duration,
) -> KafkaResult<Vec<Arc<Record>>> {
    let mut records = Vec::new();
    let begun = Instant::now();
    while !ends.is_empty() && begun.elapsed() < limit {
        let Some(polled) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let record = message::incoming(topic, &polled?);
        if ends
            .get(&record.partition)
            .is_some_and(|end| record.position >= *end)
        {
            ends.remove(&record.partition);
        }
        records.push(Arc::new(record));
    }
    Ok(records)
}
