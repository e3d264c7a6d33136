//! An event as it comes: its row in the log or its message, its envelope, and its payload.

use std::str::FromStr;
use std::sync::Arc;

use kit_db::{Row, StoreError};
use kit_runtime::Timestamp;
use kit_telemetry::TraceParent;
use serde::Deserialize;

use crate::failure::Failure;

/// What is known of an event beside its payload: the attributes of `CloudEvents` 1.0, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `ce_id`: the same for every delivery of this event.
    pub id: String,
    /// Its topic.
    pub topic: String,
    /// `ce_type`.
    pub kind: String,
    /// `ce_source`: who told it.
    pub source: String,
    /// `ce_subject`: the aggregate it tells of.
    pub subject: String,
    /// What fixes its order: events of one topic and key come one after the other.
    pub key: String,
    /// `ce_time`.
    pub time: Timestamp,
    /// The trace of the request that it came from.
    pub trace: Option<TraceParent>,
    /// The aggregate's version, where it has one.
    pub sequence: Option<i64>,
}

/// An event for a handler.
#[derive(Clone, Debug)]
pub struct Delivery<E> {
    /// What is known of it.
    pub envelope: Envelope,
    /// What happened.
    pub payload: E,
    /// How often it was tried, this time included; always 1 for a broadcast.
    pub attempt: u32,
}

/// What orders events: those of one topic and key come one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chain {
    /// Its topic.
    pub topic: String,
    /// Its key.
    pub key: String,
}

/// An event on its way: a row of an outbox, or a message of a broker.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands in its partition.
    pub position: i64,
    /// Its partition.
    pub partition: i64,
    /// `ce_id`: tells its second delivery from its first.
    pub id: String,
    /// Its topic and key.
    pub chain: Arc<Chain>,
    /// `ce_type`; nothing where it does not say.
    pub kind: String,
    /// What happened, JSON.
    pub payload: String,
    /// The attributes of `CloudEvents`, a JSON object.
    pub headers: String,
    /// When it was published.
    pub created_at: Timestamp,
    /// Why it cannot be handled, whatever it says: something about its way here.
    pub defect: Option<String>,
}

#[derive(Deserialize)]
struct Headers {
    ce_source: String,
    ce_subject: String,
    ce_time: Timestamp,
    traceparent: Option<String>,
    sequence: Option<String>,
}

impl Record {
    /// From the columns of `outbox`, which those of `parked` are too but for `created_at`.
    pub(crate) fn read(row: &Row, created_at: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            position: row.get("position")?,
            partition: row.get("partition")?,
            id: row.get("event_id")?,
            chain: Arc::new(Chain {
                topic: row.get("topic")?,
                key: row.get("key")?,
            }),
            kind: row.get("type")?,
            payload: row.get("payload")?,
            headers: row.get("headers")?,
            created_at,
            defect: None,
        })
    }

    /// It does not say what it is.
    pub(crate) fn is_untyped(&self) -> bool {
        self.kind.is_empty()
    }

    /// The envelope; an event without one can never be handled.
    pub fn envelope(&self) -> Result<Envelope, Failure> {
        if let Some(defect) = &self.defect {
            return Err(Failure::never(defect));
        }
        let headers: Headers = serde_json::from_str(&self.headers)
            .map_err(|error| Failure::never(format_args!("the headers cannot be read: {error}")))?;
        let sequence = headers.sequence.as_deref().map(i64::from_str).transpose();
        Ok(Envelope {
            id: self.id.clone(),
            topic: self.chain.topic.clone(),
            kind: self.kind.clone(),
            source: headers.ce_source,
            subject: headers.ce_subject,
            key: self.chain.key.clone(),
            time: headers.ce_time,
            // A trace that cannot be read is no reason to lose an event.
            trace: headers.traceparent.and_then(|text| text.parse().ok()),
            sequence: sequence
                .map_err(|error| Failure::never(format_args!("the sequence cannot be read: {error}")))?,
        })
    }
}
