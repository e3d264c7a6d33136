//! An event on the wire: `CloudEvents` 1.0 in binary mode, the attributes as headers and the payload untouched.
//!
//! Ours have the attributes as `ce_id`, `ce_type` and so on, as the outbox has them, and the key that orders
//! them as the record's key. Others' are taken as far as they can be understood, and none is passed over in
//! silence: what cannot be read becomes a record with a defect, and so a dead letter of each group. An event
//! without an identity is told from others by its place and time in the topic, which no delivery changes.
//!
//! Whatever is in a record can be written to the tables of both databases: it is text without NUL, and what
//! stands in an index is not long.

use std::sync::Arc;

use kit_bus::carrier::{Chain, Record};
use kit_runtime::Timestamp;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use serde_json::{Map, Value};

/// What the bindings of `CloudEvents` put before attributes.
const PREFIX: &str = "ce_";

/// The header that tells what the payload is, and its value where that is a whole event.
const CONTENT_TYPE: &str = "content-type";
const STRUCTURED: &str = "application/cloudevents+json";

/// The longest identity or key in bytes. Longer keys are cut, which orders more than was asked for.
const LONGEST: usize = 200;

/// The headers of a record that is published; or why there are none.
pub(crate) fn outgoing(record: &Record) -> Result<OwnedHeaders, String> {
    let attributes: Map<String, Value> = serde_json::from_str(&record.headers)
        .map_err(|error| format!("the headers cannot be read: {error}"))?;
    let mut headers = OwnedHeaders::new_with_capacity(attributes.len() + 1);
    for (name, value) in &attributes {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers = headers.insert(Header {
            key: name,
            value: Some(text.as_str()),
        });
    }
    Ok(headers.insert(Header {
        key: CONTENT_TYPE,
        value: Some("application/json"),
    }))
}

/// The record of a message that came.
pub(crate) fn incoming(topic: &str, message: &BorrowedMessage<'_>) -> Record {
    let came = Came {
        partition: message.partition(),
        offset: message.offset(),
        millis: message.timestamp().to_millis().unwrap_or(0),
        key: message.key(),
        payload: message.payload().unwrap_or_default(),
        headers: message.headers().map_or_else(Vec::new, |headers| {
            let headers = headers
                .iter()
                .map(|header| (header.key, header.value.unwrap_or_default()));
            headers.collect()
        }),
    };
    came.record(topic)
}

/// What a message consists of.
struct Came<'m> {
    partition: i32,
    offset: i64,
    millis: i64,
    key: Option<&'m [u8]>,
    payload: &'m [u8],
    headers: Vec<(&'m str, &'m [u8])>,
}

/// The attributes of an event and its payload, whichever mode it was sent in.
struct CloudEvent {
    attributes: Map<String, Value>,
    payload: String,
    defect: Option<String>,
}

impl Came<'_> {
    fn record(&self, topic: &str) -> Record {
        let event = self.cloud_event();
        let created_at = Timestamp::from_micros(self.millis.saturating_mul(1_000));
        let key = self.key.map(text).filter(|key| !key.is_empty());
        let subject = event.get("subject");
        let id = event.identity().unwrap_or_else(|| self.location(topic));
        let key = key.or_else(|| subject.clone()).unwrap_or_else(|| id.clone());
        let kind = event.get("type").unwrap_or_default();
        let time = event.get("time").filter(|time| time.parse::<Timestamp>().is_ok());
        let mut headers = Map::new();
        let mut note = |name: &str, value: String| headers.insert(name.to_owned(), Value::String(value));
        note("ce_specversion", "1.0".to_owned());
        note("ce_id", id.clone());
        note("ce_type", kind.clone());
        note(
            "ce_source",
            event.get("source").unwrap_or_else(|| topic.to_owned()),
        );
        note("ce_subject", subject.unwrap_or_else(|| key.clone()));
        let published_at = time.as_ref().and_then(|time| time.parse().ok());
        note("ce_time", time.unwrap_or_else(|| created_at.to_string()));
        for name in ["traceparent", "sequence"] {
            if let Some(value) = self.header(name).map(text).or_else(|| event.get(name)) {
                note(name, value);
            }
        }
        Record {
            position: self.offset.saturating_add(1),
            partition: self.partition.into(),
            id,
            chain: Arc::new(Chain {
                topic: topic.to_owned(),
                key: cut(key),
            }),
            defect: event.defect(&kind),
            kind,
            payload: event.payload,
            headers: Value::Object(headers).to_string(),
            created_at: published_at.unwrap_or(created_at),
        }
    }

    /// Where and when it came. Offsets begin anew in a topic that is made anew; times do not.
    fn location(&self, topic: &str) -> String {
        format!("{topic}/{}/{}@{}", self.partition, self.offset, self.millis)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn cloud_event(&self) -> CloudEvent {
        let content_type = self.header(CONTENT_TYPE).map(text).unwrap_or_default();
        let is_structured = content_type.to_ascii_lowercase().starts_with(STRUCTURED);
        if let (true, Ok(Value::Object(event))) = (is_structured, serde_json::from_slice(self.payload)) {
            return CloudEvent::structured(event);
        }
        let attributes = self.headers.iter().filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let name = name.strip_prefix(PREFIX)?;
            Some((name.to_owned(), Value::String(text(value))))
        });
        CloudEvent {
            attributes: attributes.collect(),
            payload: text(self.payload),
            defect: unreadable(self.payload),
        }
    }
}

impl CloudEvent {
    fn structured(mut event: Map<String, Value>) -> Self {
        let defect = event
            .contains_key("data_base64")
            .then(|| "the payload is no text".to_owned());
        let data = event.remove("data").unwrap_or(Value::Null);
        Self {
            attributes: event,
            payload: data.to_string(),
            defect,
        }
    }

    fn get(&self, attribute: &str) -> Option<String> {
        let value = match self.attributes.get(attribute)? {
            Value::Null => return None,
            Value::String(value) => text(value.as_bytes()),
            other => other.to_string(),
        };
        (!value.is_empty()).then_some(value)
    }

    /// What tells an event from all others: a UUID alone, anything else together with who sent it, by whom alone
    /// it is unique.
    fn identity(&self) -> Option<String> {
        let id = self.get("id")?;
        let id = if is_uuid(&id) {
            id
        } else {
            format!("{}#{id}", self.get("source").unwrap_or_default())
        };
        (id.len() <= LONGEST).then_some(id)
    }

    fn defect(&self, kind: &str) -> Option<String> {
        let version = self.get("specversion").filter(|version| version != "1.0");
        let version = version.map(|version| format!("version `{version}` of `CloudEvents` is not known"));
        let untyped = || {
            kind.is_empty()
                .then(|| "it does not say what type it is of".to_owned())
        };
        version.or_else(|| self.defect.clone()).or_else(untyped)
    }
}

fn unreadable(payload: &[u8]) -> Option<String> {
    match std::str::from_utf8(payload) {
        Ok(text) if text.contains('\0') => Some("the payload is no text: it contains NUL".to_owned()),
        Ok(_) => None,
        Err(error) => Some(format!("the payload is no text: {error}")),
    }
}

/// Text that every database takes.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

fn is_uuid(id: &str) -> bool {
    let is_right = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    id.len() == 36 && id.bytes().enumerate().all(is_right)
}

/// The beginning of a text that is too long.
fn cut(mut text: String) -> String {
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0197b5a2-7d5e-7000-8000-000000000001";

    fn came<'m>(headers: &[(&'m str, &'m str)], payload: &'m [u8]) -> Came<'m> {
        Came {
            partition: 3,
            offset: 41,
            millis: 1_770_000_000_000,
            key: Some(b"ada"),
            payload,
            headers: headers
                .iter()
                .map(|(name, value)| (*name, value.as_bytes()))
                .collect(),
        }
    }

    #[test]
    fn our_own_event_comes_back_as_it_was() {
        let headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", ID),
            ("ce_type", "count.changed"),
            ("ce_source", "/stoa/counter"),
            ("ce_subject", "7"),
            ("ce_time", "2026-01-31T12:00:00.5Z"),
            ("sequence", "9"),
            ("content-type", "application/json"),
        ];
        let record = came(&headers, b"{}").record("counts");
        assert_eq!((record.partition, record.position), (3, 42));
        assert_eq!(record.id, ID);
        assert_eq!(record.chain.key, "ada");
        let envelope = record.envelope().unwrap();
        assert_eq!(envelope.kind, "count.changed");
        assert_eq!(envelope.subject, "7");
        assert_eq!(envelope.source, "/stoa/counter");
        assert_eq!(envelope.sequence, Some(9));
        assert_eq!(record.created_at, "2026-01-31T12:00:00.5Z".parse().unwrap());
    }

    #[test]
    fn an_event_without_an_identity_is_known_by_its_place() {
        let record = came(&[("ce_type", "count.changed")], b"{}").record("counts");
        assert_eq!(record.id, "counts/3/41@1770000000000");
        assert_eq!(record.defect, None);
        let envelope = record.envelope().unwrap();
        assert_eq!(envelope.time.as_seconds(), 1_770_000_000);
        assert_eq!(envelope.subject, "ada");
    }

    #[test]
    fn an_identity_is_unique_together_with_whoever_gave_it() {
        let of = |source| {
            came(&[("ce_id", "1"), ("ce_source", source)], b"{}")
                .record("counts")
                .id
        };
        assert_eq!(of("till"), "till#1");
        assert_ne!(of("till"), of("shop"));
    }

    #[test]
    fn a_whole_event_in_the_payload_is_taken_apart() {
        let event =
            br#"{"specversion":"1.0","id":"1","type":"count.changed","source":"till","data":{"n":1}}"#;
        let headers = [("content-type", "application/cloudevents+json; charset=utf-8")];
        let record = came(&headers, event).record("counts");
        assert_eq!(record.kind, "count.changed");
        assert_eq!(record.payload, r#"{"n":1}"#);
        assert_eq!(record.id, "till#1");
        assert_eq!(record.defect, None);
    }

    #[test]
    fn what_cannot_be_read_is_a_record_that_every_table_takes() {
        let record = came(&[("ce_type", "count.changed")], b"\xff\0").record("counts");
        assert!(
            record
                .defect
                .is_some_and(|defect| defect.starts_with("the payload is no text"))
        );
        assert!(!record.payload.contains('\0'));
        let untyped = came(&[], b"{}").record("counts");
        assert_eq!(
            untyped.defect.as_deref(),
            Some("it does not say what type it is of")
        );
        let long = "é".repeat(500);
        let record = came(&[("ce_id", &long), ("ce_type", "\0")], b"{}").record("counts");
        assert_eq!(record.id, "counts/3/41@1770000000000");
        assert_eq!(record.kind, "\u{fffd}");
    }

    #[test]
    fn a_key_that_is_missing_or_no_text_or_too_long_still_orders() {
        let keyed = |key: Option<&[u8]>| {
            let mut came = came(&[("ce_type", "count.changed"), ("ce_subject", "7")], b"{}");
            came.key = key;
            came.record("counts").chain.key.clone()
        };
        assert_eq!(keyed(None), "7");
        assert_eq!(keyed(Some(b"\xffx")), "\u{fffd}x");
        assert_eq!(keyed(Some("é".repeat(500).as_bytes())), "é".repeat(100));
    }
}
