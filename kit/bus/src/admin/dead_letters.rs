//! Dead letters: events that failed as often as they may.

use kit_db::{Reader, Row, StoreError, Tx, WriteError, sql};
use kit_runtime::Timestamp;
use serde::Serialize;

use super::Admin;

/// Letters listed at most.
const LISTED: i64 = 1_000;

/// An event that waits for somebody to decide, and whose key waits with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The group.
    pub consumer: String,
    /// The service that told it.
    pub source: String,
    /// Its identifier, for [`Admin::replay`] and [`Admin::drop_event`].
    pub event_id: String,
    /// Its topic.
    pub topic: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its key.
    pub key: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt failed with.
    pub reason: String,
    /// When it was parked first.
    pub at: Timestamp,
    /// Events of the same key that wait behind it.
    pub behind: u64,
}

/// A parked event as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParkedEvent {
    /// Its identifier.
    pub event_id: String,
    /// Its attributes, JSON.
    pub headers: String,
    /// What happened, JSON unless that is what is wrong with it.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt failed with; empty where there was none.
    pub reason: String,
    /// It waits for somebody to decide; otherwise for its next attempt, or for those before it.
    pub is_dead: bool,
}

impl Admin {
    /// The dead letters of a group, or of all groups of the service, oldest first; a thousand at most.
    pub async fn dead_letters(&self, consumer: Option<&str>) -> Result<Vec<DeadLetter>, StoreError> {
        let consumer = consumer.map(str::to_owned);
        let letters = self.db.read(async move |reader: &mut Reader| {
            let mut select = sql("SELECT first.*, (SELECT COUNT(*) FROM parked AS later \
                 WHERE later.consumer = first.consumer AND later.source = first.source \
                 AND later.topic = first.topic AND later.key = first.key \
                 AND later.position > first.position) AS behind \
                 FROM parked AS first WHERE dead = 1");
            if let Some(consumer) = &consumer {
                select = select.push(" AND consumer = ").push_bind(consumer);
            }
            let rows = select
                .push(" ORDER BY at, event_id LIMIT ")
                .push_bind(LISTED)
                .all(reader)
                .await?;
            rows.iter().map(letter).collect()
        });
        letters.await
    }

    /// One parked event with its payload.
    pub async fn parked_event(
        &self,
        consumer: &str,
        event_id: &str,
    ) -> Result<Option<ParkedEvent>, StoreError> {
        let (consumer, event_id) = (consumer.to_owned(), event_id.to_owned());
        let found = self.db.read(async move |reader: &mut Reader| {
            let row = sql("SELECT * FROM parked WHERE consumer = $1 AND event_id = $2")
                .bind(&consumer)
                .bind(&event_id)
                .optional(reader)
                .await?;
            row.as_ref().map(parked).transpose()
        });
        found.await
    }

    /// Tries a parked event again now, with all its attempts before it; if it succeeds, those behind it follow
    /// in order. False where it is not parked.
    pub async fn replay(&self, consumer: &str, event_id: &str) -> Result<bool, StoreError> {
        let (consumer, event_id, now) = (consumer.to_owned(), event_id.to_owned(), self.db.clock().now());
        let revived = self.db.write(async move |tx: &mut Tx| {
            sql("UPDATE parked SET dead = 0, attempts = 0, due_at = $3 WHERE consumer = $1 AND event_id = $2")
                .bind(&consumer)
                .bind(&event_id)
                .bind(now)
                .execute(tx)
                .await
        });
        let revived = revived.await.map_err(WriteError::flatten)?;
        self.notify().await;
        Ok(revived > 0)
    }

    /// Tries all dead letters of a group again; how many there were.
    pub async fn replay_all(&self, consumer: &str) -> Result<u64, StoreError> {
        let (consumer, now) = (consumer.to_owned(), self.db.clock().now());
        let revived = self.db.write(async move |tx: &mut Tx| {
            sql("UPDATE parked SET dead = 0, attempts = 0, due_at = $2 WHERE consumer = $1 AND dead = 1")
                .bind(&consumer)
                .bind(now)
                .execute(tx)
                .await
        });
        let revived = revived.await.map_err(WriteError::flatten)?;
        self.notify().await;
        Ok(revived)
    }

    /// Gives a parked event up: its effect never happens, and those behind it follow. False where it is not
    /// parked.
    pub async fn drop_event(&self, consumer: &str, event_id: &str) -> Result<bool, StoreError> {
        let (consumer, event_id, now) = (consumer.to_owned(), event_id.to_owned(), self.db.clock().now());
        let dropped = self.db.write(async move |tx: &mut Tx| {
            let dropped = sql("DELETE FROM parked WHERE consumer = $1 AND event_id = $2")
                .bind(&consumer)
                .bind(&event_id)
                .execute(tx)
                .await?;
            if dropped > 0 {
                // The position may not be beyond it yet, and then it would come again after a restart.
                sql("INSERT INTO inbox (consumer, event_id, at) VALUES ($1, $2, $3) \
                     ON CONFLICT (consumer, event_id) DO NOTHING")
                .bind(&consumer)
                .bind(&event_id)
                .bind(now)
                .execute(tx)
                .await?;
            }
            Ok::<_, StoreError>(dropped)
        });
        let dropped = dropped.await.map_err(WriteError::flatten)?;
        self.notify().await;
        Ok(dropped > 0)
    }
}

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        consumer: row.get("consumer")?,
        source: row.get("source")?,
        event_id: row.get("event_id")?,
        topic: row.get("topic")?,
        kind: row.get("type")?,
        key: row.get("key")?,
        attempts: row.get("attempts")?,
        reason: row.get("reason")?,
        at: row.get("at")?,
        behind: row.get("behind")?,
    })
}

fn parked(row: &Row) -> Result<ParkedEvent, StoreError> {
    Ok(ParkedEvent {
        event_id: row.get("event_id")?,
        headers: row.get("headers")?,
        payload: row.get("payload")?,
        attempts: row.get("attempts")?,
        reason: row.get("reason")?,
        is_dead: row.get("dead")?,
    })
}
