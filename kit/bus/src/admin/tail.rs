//! Looking at a log.

use kit_db::{Reader, Row, StoreError, sql};
use kit_runtime::Timestamp;
use serde::Serialize;

use super::Admin;
use crate::carrier::BrokerError;
use crate::envelope::Record;

/// An event as it stands in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedEvent {
    /// Where it stands.
    pub position: i64,
    /// Its identifier.
    pub event_id: String,
    /// Its topic.
    pub topic: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its key.
    pub key: String,
    /// When it was published.
    pub at: Timestamp,
    /// Its attributes, JSON.
    pub headers: String,
    /// What happened, JSON.
    pub payload: String,
}

impl Admin {
    /// Events of a source's log after a position, or without one the last of it, in the order they were
    /// written. For a look: what a transaction that is still open has written may come later, before others.
    /// None where the source is not known.
    pub async fn tail(
        &self,
        source: &str,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Option<Vec<LoggedEvent>>, StoreError> {
        let Some(log) = self.sources.log(source) else {
            return Ok(None);
        };
        let outbox = log.outbox().clone();
        let rows = log.db().read(async move |reader: &mut Reader| {
            let mut select = sql("SELECT * FROM ").push_table(&outbox);
            if let Some(after) = after {
                select = select.push(" WHERE position > ").push_bind(after);
            }
            let order = if after.is_some() {
                " ORDER BY position LIMIT "
            } else {
                " ORDER BY position DESC LIMIT "
            };
            let rows = select.push(order).push_bind(limit).all(reader).await?;
            rows.iter().map(logged).collect::<Result<Vec<_>, StoreError>>()
        });
        let mut events = rows.await?;
        events.sort_by_key(|event| event.position);
        Ok(Some(events))
    }

    /// The last events of a topic as a broker keeps it, whoever published them, in the order of their times. None
    /// where the topic is embedded, or its broker keeps nothing of what it has delivered.
    pub async fn newest(&self, topic: &str, limit: u32) -> Result<Option<Vec<LoggedEvent>>, BrokerError> {
        let Some(broker) = self.sources.carriers().of_topic(topic) else {
            return Ok(None);
        };
        let records = broker.0.newest(topic, limit).await?;
        Ok(records.map(|records| records.iter().map(|record| came(record)).collect()))
    }
}

fn came(record: &Record) -> LoggedEvent {
    LoggedEvent {
        position: record.position,
        event_id: record.id.clone(),
        topic: record.chain.topic.clone(),
        kind: record.kind.clone(),
        key: record.chain.key.clone(),
        at: record.created_at,
        headers: record.headers.clone(),
        payload: record.payload.clone(),
    }
}

fn logged(row: &Row) -> Result<LoggedEvent, StoreError> {
    Ok(LoggedEvent {
        position: row.get("position")?,
        event_id: row.get("event_id")?,
        topic: row.get("topic")?,
        kind: row.get("type")?,
        key: row.get("key")?,
        at: row.get("created_at")?,
        headers: row.get("headers")?,
        payload: row.get("payload")?,
    })
}
