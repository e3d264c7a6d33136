//! The `AsyncAPI` document of the events.
//!
//! An event is described by an example of it ([`EventDoc::of`]), so that what is documented is what is published:
//! topic and type come from [`Event`], the payload's schema from its type, and the example from a value of it.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::Event;
use crate::topic::{Retention, Topic};

/// The version of the Kafka bindings that channels and messages are described by.
const KAFKA_BINDING: &str = "0.5.0";

/// One event for the document.
pub struct EventDoc {
    topic: &'static Topic,
    kind: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    example: Value,
    subject: String,
}

impl EventDoc {
    /// Describes an event by its type and a value of it.
    ///
    /// # Panics
    /// When the value cannot be written as JSON: such an event could not be published either.
    pub fn of<E: Event + JsonSchema>(example: &E) -> Self {
        let written = serde_json::to_value(example);
        assert!(
            written.is_ok(),
            "the event `{}` cannot be written as JSON",
            E::TYPE
        );
        Self {
            topic: E::TOPIC,
            kind: E::TYPE,
            schema: SchemaGenerator::subschema_for::<E>,
            example: written.unwrap_or_default(),
            subject: example.subject(),
        }
    }
}

/// The `info` of the document.
#[derive(Clone, Copy, Debug)]
pub struct ApiInfo {
    /// What the document describes.
    pub title: &'static str,
    /// The version of what it describes.
    pub version: &'static str,
    /// For its readers, `CommonMark`.
    pub description: &'static str,
}

/// The `AsyncAPI` 3.0 document of these events: a channel a topic, a message a type. The same events give the
/// same document, in whatever order they come.
pub fn asyncapi(info: &ApiInfo, events: &[EventDoc]) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut by_topic: BTreeMap<&str, (&Topic, BTreeMap<&str, &EventDoc>)> = BTreeMap::new();
    for event in events {
        let (_, types) = by_topic
            .entry(event.topic.name)
            .or_insert((event.topic, BTreeMap::new()));
        types.insert(event.kind, event);
    }
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (name, (topic, events)) in &by_topic {
        channels.insert((*name).to_owned(), channel(topic, events));
        operations.insert(format!("publish-{name}"), operation(name, events));
        for (kind, event) in events {
            messages.insert((*kind).to_owned(), message(event, &mut generator));
        }
    }
    let mut schemas: Map<String, Value> = generator.take_definitions(true);
    schemas.sort_keys();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": info.title,
            "version": info.version,
            "description": info.description,
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": { "envelope": envelope() },
            "schemas": schemas,
        },
    })
}

fn channel(topic: &Topic, events: &BTreeMap<&str, &EventDoc>) -> Value {
    let messages: Map<String, Value> = events
        .keys()
        .map(|kind| {
            (
                (*kind).to_owned(),
                json!({ "$ref": format!("#/components/messages/{kind}") }),
            )
        })
        .collect();
    let mut channel = json!({
        "address": topic.name,
        "description": format!("The key, which fixes the order of events, is {}.", topic.key),
        "messages": messages,
    });
    if topic.retention == Retention::Forever {
        channel["bindings"] = json!({ "kafka": {
            "topicConfiguration": { "retention.ms": -1 },
            "bindingVersion": KAFKA_BINDING,
        } });
    }
    channel
}

fn operation(topic: &str, events: &BTreeMap<&str, &EventDoc>) -> Value {
    let messages: Vec<Value> = events
        .keys()
        .map(|kind| json!({ "$ref": format!("#/channels/{topic}/messages/{kind}") }))
        .collect();
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{topic}") },
        "messages": messages,
    })
}

fn message(event: &EventDoc, generator: &mut SchemaGenerator) -> Value {
    let schema = (event.schema)(generator);
    json!({
        "name": event.kind,
        "contentType": "application/json",
        "traits": [{ "$ref": "#/components/messageTraits/envelope" }],
        "bindings": { "kafka": {
            "key": { "type": "string", "description": event.topic.key },
            "bindingVersion": KAFKA_BINDING,
        } },
        "payload": schema,
        "examples": [{
            "headers": { "ce_type": event.kind, "ce_subject": event.subject },
            "payload": event.example,
        }],
    })
}

/// The attributes that every event has: `CloudEvents` 1.0, binary mode.
fn envelope() -> Value {
    json!({
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time"],
            "properties": {
                "ce_specversion": { "const": "1.0" },
                "ce_id": { "type": "string", "format": "uuid", "description": "the same at every delivery" },
                "ce_type": { "type": "string" },
                "ce_source": { "type": "string", "format": "uri-reference" },
                "ce_subject": { "type": "string", "description": "the aggregate it tells of" },
                "ce_time": { "type": "string", "format": "date-time" },
                "traceparent": { "type": "string", "description": "W3C Trace Context" },
                "sequence": { "type": "string", "description": "the aggregate's version" },
            },
        },
    })
}
