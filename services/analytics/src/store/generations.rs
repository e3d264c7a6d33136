//! Generations of counts: which there are, which is shown, and what is left of those that are over.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_values::words;

use super::counts;
use crate::domain::Counts;

words! {
    /// What a generation is good for.
    pub enum GenerationState {
        /// It reads the topic and is not shown yet.
        Building = "building",
        /// It is shown.
        Live = "live",
        /// Another one has replaced it.
        Retired = "retired",
    }
}

/// A generation and its totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) number: i64,
    pub(crate) state: GenerationState,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) live_at: Option<Timestamp>,
    /// More than 0 while nothing is added to it.
    pub(crate) standstill: i64,
    pub(crate) counts: Counts,
    pub(crate) users: i64,
    /// Events of topic `orders`, which are not among the counts.
    pub(crate) order_events: i64,
}

impl Generation {
    /// Events that it has counted, of all topics.
    pub(crate) fn events(&self) -> i64 {
        self.counts.events + self.order_events
    }
}

/// All there ever were, the oldest first.
pub(crate) async fn list(on: &mut impl Session) -> Result<Vec<Generation>, StoreError> {
    let rows = sql("SELECT * FROM generations ORDER BY generation")
        .all(on)
        .await?;
    rows.iter().map(generation).collect()
}

/// Those that are counted, the oldest first.
pub(crate) async fn unretired(on: &mut impl Session) -> Result<Vec<Generation>, StoreError> {
    let rows = sql("SELECT * FROM generations WHERE state <> 'retired' ORDER BY generation")
        .all(on)
        .await?;
    rows.iter().map(generation).collect()
}

/// Begins a generation. Two that begin at once would have the same number, and one of them fails.
pub(crate) async fn begin(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    let row = sql("INSERT INTO generations (generation, state, started_at) \
         SELECT MAX(generation) + 1, 'building', CAST($1 AS BIGINT) FROM generations RETURNING generation")
    .bind(now)
    .one(tx)
    .await?;
    row.get("generation")
}

/// Keeps everybody else from a generation until the transaction ends; nothing where it is over.
pub(crate) async fn hold(tx: &mut Tx, number: i64) -> Result<Option<Generation>, StoreError> {
    let found = sql("SELECT * FROM generations WHERE generation = $1 AND state <> 'retired'")
        .bind(number)
        .for_update()
        .optional(tx)
        .await?;
    found.map(|row| generation(&row)).transpose()
}

/// Moves a standstill on, unless somebody else has.
pub(crate) async fn set_standstill(
    tx: &mut Tx,
    generation: i64,
    (from, to): (i64, i64),
) -> Result<(), StoreError> {
    sql(
        "UPDATE generations SET standstill = $3 WHERE generation = $1 AND standstill = $2 AND state = 'live'",
    )
    .bind(generation)
    .bind(from)
    .bind(to)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether the newer of two has heard at least as much of every user and of every order as the older. As events of
/// each come in order, that means that it has counted everything that the older one has.
pub(crate) async fn has_everything_of(
    on: &mut impl Session,
    newer: i64,
    older: i64,
) -> Result<bool, StoreError> {
    let short = sql(
        "SELECT generation FROM generations AS older WHERE older.generation = $2 AND EXISTS \
         (SELECT 1 FROM generations AS newer WHERE newer.generation = $1 \
          AND (newer.events < older.events OR newer.users < older.users \
               OR newer.order_events < older.order_events))",
    )
    .bind(newer)
    .bind(older)
    .optional(on)
    .await?;
    if short.is_some() {
        // The cheap question first; the others look at every user and every order.
        return Ok(false);
    }
    let user = sql(
        "SELECT user_id FROM user_counts AS older WHERE older.generation = $2 AND NOT EXISTS \
         (SELECT 1 FROM user_counts AS newer WHERE newer.generation = $1 \
          AND newer.user_id = older.user_id AND newer.events >= older.events) LIMIT 1",
    )
    .bind(newer)
    .bind(older)
    .optional(on)
    .await?;
    if user.is_some() {
        return Ok(false);
    }
    let missing = sql(
        "SELECT order_id FROM counted_orders AS older WHERE older.generation = $2 AND NOT EXISTS \
         (SELECT 1 FROM counted_orders AS newer WHERE newer.generation = $1 \
          AND newer.order_id = older.order_id AND newer.events >= older.events) LIMIT 1",
    )
    .bind(newer)
    .bind(older)
    .optional(on)
    .await?;
    Ok(missing.is_none())
}

/// Shows a generation from now on. All before it are over.
pub(crate) async fn switch(tx: &mut Tx, to: i64, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE generations SET state = 'retired', retired_at = $2 WHERE generation < $1 AND state <> 'retired'")
        .bind(to)
        .bind(now)
        .execute(tx)
        .await?;
    sql("UPDATE generations SET state = 'live', live_at = $2 WHERE generation = $1")
        .bind(to)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Tables of what generations have, and the columns by which their rows are told apart.
const TABLES: [(&str, &str); 8] = [
    ("facts", "generation, event_id"),
    ("user_counts", "generation, user_id"),
    ("hour_counts", "generation, hour"),
    ("order_facts", "generation, event_id"),
    ("counted_orders", "generation, order_id"),
    ("order_hours", "generation, metric, hour, currency"),
    ("order_totals", "generation, metric, currency"),
    ("order_products", "generation, day, sku, currency"),
];

const RETIRED: &str =
    " WHERE generation IN (SELECT generation FROM generations WHERE state = 'retired') LIMIT ";

/// Whether nothing is left of those that are over.
pub(crate) async fn is_swept(on: &mut impl Session) -> Result<bool, StoreError> {
    for (table, _) in TABLES {
        let left = sql("SELECT generation FROM ")
            .push(table)
            .push(RETIRED)
            .push_bind(1_i64);
        if left.optional(on).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes some rows of each table of those that are over; how many.
pub(crate) async fn sweep(tx: &mut Tx, limit: u32) -> Result<u64, StoreError> {
    let mut removed = 0;
    for (table, key) in TABLES {
        removed += sql("DELETE FROM ")
            .push(table)
            .push(" WHERE (")
            .push(key)
            .push(") IN (SELECT ")
            .push(key)
            .push(" FROM ")
            .push(table)
            .push(RETIRED)
            .push_bind(limit)
            .push(")")
            .execute(tx)
            .await?;
    }
    Ok(removed)
}

fn generation(row: &Row) -> Result<Generation, StoreError> {
    Ok(Generation {
        number: row.get("generation")?,
        state: row.parse("state")?,
        started_at: row.get("started_at")?,
        live_at: row.get("live_at")?,
        standstill: row.get("standstill")?,
        counts: counts(row)?,
        users: row.get("users")?,
        order_events: row.get("order_events")?,
    })
}
