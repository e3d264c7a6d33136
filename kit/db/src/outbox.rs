//! Events on their way into the outbox.
//!
//! The outbox is the log: a row is appended in the transaction of the change and never updated. Who reads it,
//! and how it travels, is not this crate's business.

use kit_event::Event;
use kit_runtime::{Clock, Ids};
use kit_telemetry::TraceParent;
use serde::Serialize;

use crate::error::StoreError;
use crate::hash::fnv1a;
use crate::statement::sql;
use crate::unit::Tx;

/// Rows a statement takes at most; PostgreSQL allows 65 535 values.
const ROWS_PER_STATEMENT: usize = 500;

/// How many partitions an outbox has. Rows of one partition are delivered in order. Fixed for ever: consumers'
/// positions are kept by partition.
pub const PARTITIONS: u64 = 16;

/// The partition of a key; the same for ever, in every process.
pub fn partition_of(key: &str) -> i64 {
    let hash = fnv1a(key.bytes());
    i64::try_from((hash ^ (hash >> 32)) % PARTITIONS).unwrap_or(0)
}

/// The attributes of `CloudEvents` 1.0 as headers, in binary mode.
#[derive(Serialize)]
struct Headers<'e> {
    ce_specversion: &'static str,
    ce_id: &'e str,
    ce_type: &'static str,
    ce_source: &'e str,
    ce_subject: &'e str,
    ce_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
}

struct Entry {
    id: String,
    topic: &'static str,
    key: String,
    kind: &'static str,
    payload: String,
    headers: String,
    at: i64,
}

/// The events of one unit, until its commit.
pub(crate) struct Outbox {
    source: String,
    clock: Clock,
    ids: Ids,
    trace: Option<TraceParent>,
    entries: Vec<Entry>,
}

impl Outbox {
    pub(crate) fn new(service: &str, clock: Clock, ids: Ids) -> Self {
        Self {
            source: format!("/stoa/{service}"),
            clock,
            ids,
            trace: None,
            entries: Vec::new(),
        }
    }

    pub(crate) fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    pub(crate) fn set_trace(&mut self, trace: Option<TraceParent>) {
        self.trace = trace;
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.entries.is_empty()
    }

    pub(crate) fn reset(&mut self, trace: Option<TraceParent>) {
        self.entries.clear();
        self.trace = trace;
    }

    pub(crate) fn add<E: Event>(&mut self, event: &E) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id = self.ids.uuid().to_string();
        let refused = |error: serde_json::Error| StoreError::Event {
            event_type: E::TYPE,
            reason: error.to_string(),
        };
        let headers = serde_json::to_string(&Headers {
            ce_specversion: "1.0",
            ce_id: &id,
            ce_type: E::TYPE,
            ce_source: &self.source,
            ce_subject: &event.subject(),
            ce_time: now.to_string(),
            traceparent: self.trace.map(|trace| trace.to_string()),
            sequence: event.sequence().map(|sequence| sequence.to_string()),
        });
        self.entries.push(Entry {
            id,
            topic: E::TOPIC.name,
            key: event.key(),
            kind: E::TYPE,
            payload: serde_json::to_string(event).map_err(refused)?,
            headers: headers.map_err(refused)?,
            at: now.as_micros(),
        });
        Ok(())
    }
}

impl Tx {
    /// Writes the events of this unit.
    pub(crate) async fn write_events(&mut self) -> Result<(), StoreError> {
        let entries = std::mem::take(&mut self.outbox.entries);
        for chunk in entries.chunks(ROWS_PER_STATEMENT) {
            let insert = sql("INSERT INTO outbox \
                 (event_id, topic, key, partition, type, payload, headers, created_at) VALUES ")
            .push_rows(chunk, |row, entry| {
                row.bind(&entry.id)
                    .bind(entry.topic)
                    .bind(&entry.key)
                    .bind(partition_of(&entry.key))
                    .bind(entry.kind)
                    .bind(&entry.payload)
                    .bind(&entry.headers)
                    .bind(entry.at)
            });
            insert.execute(self).await?;
        }
        self.outbox.entries = entries;
        Ok(())
    }
}
