//! What verification reads of the kit's own tables.

use std::collections::HashSet;

use kit_db::{Db, Reader, Row, StoreError, sql};
use kit_runtime::Timestamp;
use serde_json::Value;

/// Events that are read, or looked for, by one statement.
pub(super) const PAGE: usize = 500;

/// What publishes to brokers, and has no inbox; whoever hears it there has.
const RELAY: &str = "relay/";

/// An event of a log.
#[derive(Clone)]
pub(super) struct LoggedEvent {
    pub position: i64,
    pub id: String,
    pub topic: String,
    pub kind: String,
    pub key: String,
    /// The version of what it tells of, where that has one.
    pub sequence: Option<i64>,
}

/// The groups that a service has, or had.
pub(super) async fn consumers(db: &Db) -> Result<Vec<String>, StoreError> {
    let read = async |reader: &mut Reader| {
        sql("SELECT DISTINCT consumer FROM positions ORDER BY consumer")
            .all(reader)
            .await
    };
    let rows = db.read(read).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(names
        .into_iter()
        .filter(|name| !name.starts_with(RELAY))
        .collect())
}

/// The next events of a log, at most [`PAGE`], of those that were published since a moment.
pub(super) async fn page(db: &Db, after: i64, since: Timestamp) -> Result<Vec<LoggedEvent>, StoreError> {
    let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let read = async move |reader: &mut Reader| {
        sql(
            "SELECT position, event_id, topic, type, key, headers FROM outbox \
             WHERE position > $1 AND created_at >= $2 ORDER BY position LIMIT $3",
        )
        .bind(after)
        .bind(since)
        .bind(limit)
        .all(reader)
        .await
    };
    db.read(read).await?.iter().map(logged_event).collect()
}

/// Those of at most [`PAGE`] events that a consumer of this database is done with, or has parked.
pub(super) async fn known(
    db: &Db,
    consumer: String,
    ids: Vec<String>,
) -> Result<HashSet<String>, StoreError> {
    let read = async move |reader: &mut Reader| {
        sql("SELECT event_id FROM inbox WHERE consumer = $1 AND event_id IN ")
            .bind(&consumer)
            .push_list(ids.iter())
            .push(" UNION ALL SELECT event_id FROM parked WHERE consumer = $1 AND event_id IN ")
            .push_list(ids.iter())
            .all(reader)
            .await
    };
    db.read(read).await?.iter().map(|row| row.get(0)).collect()
}

fn logged_event(row: &Row) -> Result<LoggedEvent, StoreError> {
    let headers: String = row.get("headers")?;
    // Headers that cannot be read are their consumers' to complain of.
    let headers: Value = serde_json::from_str(&headers).unwrap_or_default();
    Ok(LoggedEvent {
        position: row.get("position")?,
        id: row.get("event_id")?,
        topic: row.get("topic")?,
        kind: row.get("type")?,
        key: row.get("key")?,
        sequence: headers["sequence"]
            .as_str()
            .and_then(|sequence| sequence.parse().ok()),
    })
}
