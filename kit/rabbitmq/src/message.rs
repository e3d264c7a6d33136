//! An event on the wire: `CloudEvents` 1.0 in binary mode, the attributes as headers and the payload untouched.
//!
//! Ours have the attributes as `ce_id`, `ce_type` and so on, as the outbox has them. Where the key that orders
//! an event is not its subject it travels as `ce_partitionkey`, the attribute of the partitioning extension.
//!
//! Others' are taken as far as they can be understood: with the attributes under the prefixes that bindings of
//! `CloudEvents` use, or without any, by the properties and the routing key of the message. What has no identity
//! cannot be taken, because nobody could tell its second delivery from its first. What has one and cannot be
//! read is an event all the same, which will fail and become a dead letter.

use std::sync::Arc;

use kit_bus::carrier::{Chain, Record};
use kit_db::partition_of;
use kit_runtime::{Clock, Timestamp};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use serde_json::{Map, Value};

/// Kept on disk.
pub(crate) const PERSISTENT: u8 = 2;

/// The longest routing key, message identifier or type that AMQP carries.
const SHORT: usize = 255;

/// The prefixes of attributes: ours, and those of the bindings for HTTP and AMQP.
const PREFIXES: [&str; 4] = ["ce_", "ce-", "cloudEvents:", "cloudEvents_"];

/// The topic, for messages that come by another way than the exchange.
const TOPIC: &str = "topic";

/// How often the broker has sent a message before.
const DELIVERIES: &str = "x-delivery-count";

/// A message for the exchange.
pub(crate) struct Outgoing {
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
}

/// Where a message that came stands, and whose deliveries are counted how.
pub(crate) struct Arrival<'a> {
    pub(crate) position: i64,
    /// So many deliveries make a dead letter.
    pub(crate) deliveries: u64,
    pub(crate) clock: &'a Clock,
}

/// What is published of a record; or why it cannot be.
pub(crate) fn outgoing(record: &Record) -> Result<Outgoing, String> {
    let headers: Map<String, Value> = serde_json::from_str(&record.headers)
        .map_err(|error| format!("the headers cannot be read: {error}"))?;
    let mut table = FieldTable::default();
    for (name, value) in &headers {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.insert(short(name)?, AMQPValue::LongString(text.into()));
    }
    table.insert(
        TOPIC.into(),
        AMQPValue::LongString(record.chain.topic.as_str().into()),
    );
    let subject = headers.get("ce_subject").and_then(Value::as_str);
    if subject != Some(record.chain.key.as_str()) {
        let key = record.chain.key.as_str();
        table.insert("ce_partitionkey".into(), AMQPValue::LongString(key.into()));
    }
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(&record.id)?)
        .with_type(short(&record.kind)?)
        .with_headers(table);
    Ok(Outgoing {
        routing_key: short(&format!("{}.{}", record.chain.topic, record.kind))?,
        properties,
    })
}

fn short(text: &str) -> Result<ShortString, String> {
    if text.len() > SHORT {
        return Err(format!("`{text}` is longer than AMQP carries"));
    }
    Ok(text.into())
}

/// The record of a message that came; nothing where it has no identity.
pub(crate) fn incoming(delivery: &Delivery, arrival: &Arrival<'_>) -> Option<Record> {
    let properties = &delivery.properties;
    let event_headers = EventHeaders::of(properties);
    let id = event_headers
        .get("id")
        .or_else(|| shown(properties.message_id().as_ref()))?;
    let routing_key = delivery.routing_key.as_str();
    let (first, rest) = routing_key.split_once('.').unwrap_or((routing_key, ""));
    let topic = event_headers.text(TOPIC).unwrap_or_else(|| first.to_owned());
    let kind = event_headers
        .get("type")
        .or_else(|| shown(properties.kind().as_ref()))
        .unwrap_or_else(|| rest.to_owned());
    let subject = event_headers.get("subject").unwrap_or_else(|| id.clone());
    let key = event_headers
        .get("partitionkey")
        .unwrap_or_else(|| subject.clone());
    let now = arrival.clock.now();
    let sent_at = properties.timestamp().and_then(seconds);
    let time = event_headers.get("time");
    let created_at = time.as_ref().and_then(|time| time.parse().ok()).or(sent_at);
    let mut headers = Map::new();
    let mut note = |name: &str, value: String| headers.insert(name.to_owned(), Value::String(value));
    note("ce_specversion", "1.0".to_owned());
    note("ce_id", id.clone());
    note("ce_type", kind.clone());
    note(
        "ce_source",
        event_headers
            .get("source")
            .or_else(|| shown(properties.app_id().as_ref()))
            .unwrap_or_else(|| delivery.exchange.as_str().to_owned()),
    );
    note("ce_subject", subject);
    note(
        "ce_time",
        time.unwrap_or_else(|| created_at.unwrap_or(now).to_string()),
    );
    for name in ["traceparent", "sequence"] {
        if let Some(value) = event_headers.bare(name) {
            note(name, value);
        }
    }
    Some(Record {
        position: arrival.position,
        partition: partition_of(&key),
        id,
        chain: Arc::new(Chain { topic, key }),
        kind,
        payload: String::from_utf8_lossy(&delivery.data).into_owned(),
        headers: Value::Object(headers).to_string(),
        created_at: created_at.unwrap_or(now),
        defect: defect(delivery, &event_headers, arrival.deliveries),
    })
}

/// Why an event cannot be handled, though it has an identity.
fn defect(delivery: &Delivery, event_headers: &EventHeaders<'_>, limit: u64) -> Option<String> {
    let count = event_headers.number(DELIVERIES).unwrap_or(0);
    if count >= limit {
        return Some(format!(
            "it was delivered {count} times, and whoever had it went away without an answer"
        ));
    }
    if let Some(version) = event_headers
        .get("specversion")
        .filter(|version| version != "1.0")
    {
        return Some(format!("version `{version}` of `CloudEvents` is not known"));
    }
    let text = std::str::from_utf8(&delivery.data);
    text.err().map(|error| format!("the payload is no text: {error}"))
}

fn shown(property: Option<&ShortString>) -> Option<String> {
    property.map(|text| text.as_str().to_owned())
}

fn seconds(since_1970: u64) -> Option<Timestamp> {
    i64::try_from(since_1970).ok().map(Timestamp::from_seconds)
}

/// What the headers of a message say.
struct EventHeaders<'h>(Option<&'h FieldTable>);

impl<'h> EventHeaders<'h> {
    fn of(properties: &'h BasicProperties) -> Self {
        Self(properties.headers().as_ref())
    }

    /// An attribute of the event, under any of the prefixes.
    fn get(&self, attribute: &str) -> Option<String> {
        let mut names = PREFIXES.iter().map(|prefix| format!("{prefix}{attribute}"));
        names.find_map(|name| self.text(&name))
    }

    /// One that we send without a prefix, and others with one.
    fn bare(&self, attribute: &str) -> Option<String> {
        self.text(attribute).or_else(|| self.get(attribute))
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.0?.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
            AMQPValue::ByteArray(bytes) => String::from_utf8(bytes.as_slice().to_vec()).ok(),
            AMQPValue::Timestamp(at) => Some(seconds(*at)?.to_string()),
            _ => self.number(name).map(|number| number.to_string()),
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        let number = match self.0?.inner().get(name)? {
            AMQPValue::ShortShortInt(number) => i64::from(*number),
            AMQPValue::ShortShortUInt(number) => i64::from(*number),
            AMQPValue::ShortInt(number) => i64::from(*number),
            AMQPValue::ShortUInt(number) => i64::from(*number),
            AMQPValue::LongInt(number) => i64::from(*number),
            AMQPValue::LongUInt(number) => i64::from(*number),
            AMQPValue::LongLongInt(number) => *number,
            _ => return None,
        };
        u64::try_from(number).ok()
    }
}
