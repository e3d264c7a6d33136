//! The statements of processors, on the consumer's own database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

use super::{Context, NEVER, Parking, Positions};
use crate::carrier::{Chain, Record, Rewind};

/// Rows a statement takes at most; PostgreSQL allows 65 535 values.
const ROWS_PER_STATEMENT: usize = 500;

/// Where a processor begins.
pub(crate) struct Loaded {
    pub(crate) partition: i64,
    pub(crate) position: i64,
    /// The parked keys, and when the first event of each is due.
    pub(crate) parked: Vec<(Arc<Chain>, Timestamp)>,
}

/// The first parked event of a key.
pub(super) struct Parked {
    pub(super) record: Record,
    pub(super) attempts: u32,
    pub(super) is_dead: bool,
    pub(super) due_at: Timestamp,
}

/// A position to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) partition: i64,
    pub(crate) lease: Arc<str>,
    pub(crate) epoch: i64,
    pub(crate) position: i64,
}

/// Whether a lease is still the one that the work began with. It cannot change hands until this transaction
/// has ended.
pub(crate) async fn owns(tx: &mut Tx, lease: &str, holder: &str, epoch: i64) -> Result<bool, StoreError> {
    let found = sql("SELECT epoch FROM leases WHERE name = $1 AND holder = $2 AND epoch = $3")
        .bind(lease)
        .bind(holder)
        .bind(epoch)
        .for_share()
        .optional(tx)
        .await?;
    Ok(found.is_some())
}

/// Puts events into the inbox; those that were not in it.
pub(super) async fn take_in(
    tx: &mut Tx,
    consumer: &str,
    ids: &[&str],
    now: Timestamp,
) -> Result<HashSet<String>, StoreError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let insert = sql("INSERT INTO inbox (consumer, event_id, at) VALUES ")
        .push_rows(ids, |row, id| row.bind(consumer).bind(*id).bind(now));
    let fresh = insert
        .push(" ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id")
        .all(tx)
        .await?;
    fresh.iter().map(|row| row.get("event_id")).collect()
}

/// Whether an event is in the inbox.
pub(super) async fn is_known(on: &mut impl Session, consumer: &str, id: &str) -> Result<bool, StoreError> {
    let found = sql("SELECT event_id FROM inbox WHERE consumer = $1 AND event_id = $2")
        .bind(consumer)
        .bind(id)
        .optional(on)
        .await?;
    Ok(found.is_some())
}

/// Parks events of the log, each behind those of its key that are parked already: positions begin anew where a
/// broker's do, and partitions that others have chosen for a key have the same ones.
pub(super) async fn park(
    tx: &mut Tx,
    context: &Context,
    parkings: &[(&Record, &Parking)],
    now: Timestamp,
) -> Result<(), StoreError> {
    for chunk in parkings.chunks(ROWS_PER_STATEMENT) {
        let mut last = last_parked(tx, context, chunk).await?;
        let insert = sql(
            "INSERT INTO parked (consumer, source, partition, position, event_id, topic, key, \
             type, payload, headers, attempts, reason, dead, due_at, at) VALUES ",
        )
        .push_rows(chunk, |row, (record, parking)| {
            let last = last.entry(&*record.chain).or_insert(0);
            *last = record.position.max(*last + 1);
            row.bind(&*context.consumer)
                .bind(&*context.source)
                .bind(record.partition)
                .bind(*last)
                .bind(&record.id)
                .bind(&record.chain.topic)
                .bind(&record.chain.key)
                .bind(&record.kind)
                .bind(&record.payload)
                .bind(&record.headers)
                .bind(parking.attempts)
                .bind(&parking.reason)
                .bind(parking.is_dead)
                .bind(parking.due_at)
                .bind(now)
        });
        insert
            .push(" ON CONFLICT (consumer, event_id) DO NOTHING")
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// The last positions that are parked of these events' keys.
async fn last_parked<'r>(
    tx: &mut Tx,
    context: &Context,
    parkings: &[(&'r Record, &Parking)],
) -> Result<HashMap<&'r Chain, i64>, StoreError> {
    let keys: HashSet<&str> = parkings
        .iter()
        .map(|(record, _)| record.chain.key.as_str())
        .collect();
    let rows =
        sql("SELECT topic, key, MAX(position) AS last FROM parked WHERE consumer = $1 AND source = $2")
            .bind(&*context.consumer)
            .bind(&*context.source)
            .push(" AND key IN ")
            .push_list(keys)
            .push(" GROUP BY topic, key")
            .all(tx)
            .await?;
    let mut last = HashMap::new();
    for row in &rows {
        let (chain, position) = (chain(row)?, row.get("last")?);
        let mut records = parkings.iter().map(|(record, _)| &*record.chain);
        if let Some(chain) = records.find(|known| **known == chain) {
            last.insert(chain, position);
        }
    }
    Ok(last)
}

/// Notes that a parked event failed again.
pub(super) async fn park_again(
    tx: &mut Tx,
    consumer: &str,
    record: &Record,
    parking: &Parking,
) -> Result<(), StoreError> {
    sql(
        "UPDATE parked SET attempts = $3, reason = $4, dead = $5, due_at = $6 \
         WHERE consumer = $1 AND event_id = $2",
    )
    .bind(consumer)
    .bind(&record.id)
    .bind(parking.attempts)
    .bind(&parking.reason)
    .bind(parking.is_dead)
    .bind(parking.due_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes parked events that are done with.
pub(super) async fn unpark(tx: &mut Tx, consumer: &str, ids: &[&str]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    sql("DELETE FROM parked WHERE consumer = $1 AND event_id IN ")
        .bind(consumer)
        .push_list(ids.iter().copied())
        .execute(tx)
        .await?;
    Ok(())
}

/// Moves a position forward, never back. Where the broker remembers it there is nothing to move.
pub(super) async fn advance(
    tx: &mut Tx,
    context: &Context,
    partition: i64,
    position: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    if context.positions == Positions::Acknowledged {
        return Ok(());
    }
    sql("UPDATE positions SET position = $4, seen_at = $5 \
         WHERE consumer = $1 AND source = $2 AND partition = $3 AND position < $4")
    .bind(&*context.consumer)
    .bind(&*context.source)
    .bind(partition)
    .bind(position)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes positions down that no effect carried along, and that the consumer lives. Those whose lease is lost
/// are left out.
pub(crate) async fn save(
    tx: &mut Tx,
    context: &Context,
    checkpoints: &[Checkpoint],
    now: Timestamp,
) -> Result<(), StoreError> {
    for checkpoint in checkpoints {
        let position = match context.positions {
            Positions::Stored => checkpoint.position,
            Positions::Acknowledged => 0,
        };
        if owns(tx, &checkpoint.lease, &context.holder, checkpoint.epoch).await? {
            sql("UPDATE positions SET position = $4, seen_at = $5 \
                 WHERE consumer = $1 AND source = $2 AND partition = $3 AND position <= $4")
            .bind(&*context.consumer)
            .bind(&*context.source)
            .bind(checkpoint.partition)
            .bind(position)
            .bind(now)
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

/// Where processors begin: at their positions, or at the beginning of the log for a new consumer.
pub(crate) async fn load(
    tx: &mut Tx,
    context: &Context,
    partitions: &[i64],
    now: Timestamp,
) -> Result<Vec<Loaded>, StoreError> {
    let known = sql("SELECT partition, position, seen_at FROM positions WHERE consumer = $1 AND source = $2")
        .bind(&*context.consumer)
        .bind(&*context.source)
        .push(" AND partition IN ")
        .push_list(partitions.iter().copied())
        .all(tx)
        .await?;
    warn_of_absence(context, &known, now)?;
    let insert = sql("INSERT INTO positions (consumer, source, partition, position, seen_at) VALUES ")
        .push_rows(partitions, |row, partition| {
            row.bind(&*context.consumer)
                .bind(&*context.source)
                .bind(*partition)
                .bind(0_i64)
                .bind(now)
        });
    let rows = insert
        .push(
            " ON CONFLICT (consumer, source, partition) DO UPDATE SET seen_at = excluded.seen_at \
             RETURNING partition, position",
        )
        .all(tx)
        .await?;
    let mut parked: HashMap<i64, Vec<(Arc<Chain>, Timestamp)>> = HashMap::new();
    for (partition, chain, due_at) in heads(tx, context).await? {
        parked.entry(partition).or_default().push((chain, due_at));
    }
    let loaded = rows.iter().map(|row| {
        let partition = row.get("partition")?;
        Ok(Loaded {
            partition,
            position: row.get("position")?,
            parked: parked.remove(&partition).unwrap_or_default(),
        })
    });
    loaded.collect()
}

/// Whoever was away for longer than its rows are held may miss some, and nobody can tell which. A broker that
/// remembers for us keeps them for as long as it takes.
fn warn_of_absence(context: &Context, known: &[Row], now: Timestamp) -> Result<(), StoreError> {
    if context.positions == Positions::Acknowledged {
        return Ok(());
    }
    let limit = context.settings.retention.gone_after;
    for row in known {
        if now.since(row.get("seen_at")?) > limit {
            let (consumer, source) = (&*context.consumer, &*context.source);
            tracing::error!(
                consumer,
                source,
                "the consumer was away for longer than events wait for it"
            );
            break;
        }
    }
    Ok(())
}

/// Takes a position back, unless another process has done that; whether it was done now. Whoever works from there
/// is superseded first.
pub(crate) async fn rewind(
    tx: &mut Tx,
    context: &Context,
    lease: &str,
    rewind: Rewind,
) -> Result<bool, StoreError> {
    let superseded = sql(
        "UPDATE leases SET holder = '', epoch = epoch + 1, expires_at = 0 WHERE name = $1 \
         AND EXISTS (SELECT 1 FROM positions \
         WHERE consumer = $2 AND source = $3 AND partition = $4 AND position > $5)",
    )
    .bind(lease)
    .bind(&*context.consumer)
    .bind(&*context.source)
    .bind(rewind.partition)
    .bind(rewind.end)
    .execute(tx)
    .await?;
    if superseded == 0 {
        return Ok(false);
    }
    let moved = sql("UPDATE positions SET position = $4 \
         WHERE consumer = $1 AND source = $2 AND partition = $3 AND position > $5")
    .bind(&*context.consumer)
    .bind(&*context.source)
    .bind(rewind.partition)
    .bind(rewind.to)
    .bind(rewind.end)
    .execute(tx)
    .await?;
    Ok(moved > 0)
}

/// When the first parked event of each key is due, by now.
pub(crate) async fn refresh(
    on: &mut impl Session,
    context: &Context,
) -> Result<HashMap<Arc<Chain>, Timestamp>, StoreError> {
    let heads = heads(on, context).await?;
    Ok(heads
        .into_iter()
        .map(|(_, chain, due_at)| (chain, due_at))
        .collect())
}

async fn heads(
    on: &mut impl Session,
    context: &Context,
) -> Result<Vec<(i64, Arc<Chain>, Timestamp)>, StoreError> {
    let rows = sql("SELECT partition, topic, key, dead, due_at FROM parked AS first \
         WHERE consumer = $1 AND source = $2 AND position = (SELECT MIN(position) FROM parked AS any_one \
         WHERE any_one.consumer = first.consumer AND any_one.source = first.source \
         AND any_one.topic = first.topic AND any_one.key = first.key)")
    .bind(&*context.consumer)
    .bind(&*context.source)
    .all(on)
    .await?;
    let heads = rows.iter().map(|row| {
        let due_at = if row.get("dead")? {
            NEVER
        } else {
            row.get("due_at")?
        };
        Ok((row.get("partition")?, Arc::new(chain(row)?), due_at))
    });
    heads.collect()
}

pub(super) async fn first_parked(
    on: &mut impl Session,
    context: &Context,
    chain: &Chain,
) -> Result<Option<Parked>, StoreError> {
    let row = sql(
        "SELECT * FROM parked WHERE consumer = $1 AND source = $2 AND topic = $3 AND key = $4 \
         ORDER BY position LIMIT 1",
    )
    .bind(&*context.consumer)
    .bind(&*context.source)
    .bind(&chain.topic)
    .bind(&chain.key)
    .optional(on)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Parked {
        record: Record::read(&row, row.get("at")?)?,
        attempts: row.get("attempts")?,
        is_dead: row.get("dead")?,
        due_at: row.get("due_at")?,
    }))
}

fn chain(row: &Row) -> Result<Chain, StoreError> {
    Ok(Chain {
        topic: row.get("topic")?,
        key: row.get("key")?,
    })
}
