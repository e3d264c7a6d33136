//! The statements of relays, on the producer's own database.

use kit_db::{Reader, StoreError, Tx, WriteError, sql};

use super::{LEASE, Route, SCOPE};
use crate::lease::lease_name;
use crate::processor::owns;

/// A relay has one position, whatever the partitions of the log.
const PARTITION: i64 = 0;

/// Where a relay goes on: a new one at the beginning of what the log holds.
pub(super) async fn load(route: &Route) -> Result<i64, StoreError> {
    let (name, source, now) = (route.name.clone(), route.source.clone(), route.clock.now());
    let loaded = route.db.write(async move |tx: &mut Tx| {
        let row = sql(
            "INSERT INTO positions (consumer, source, partition, position, seen_at) \
             VALUES ($1, $2, $3, 0, $4) \
             ON CONFLICT (consumer, source, partition) DO UPDATE SET seen_at = excluded.seen_at \
             RETURNING position",
        )
        .bind(&name)
        .bind(&source)
        .bind(PARTITION)
        .bind(now)
        .one(tx)
        .await?;
        row.get("position")
    });
    loaded.await.map_err(WriteError::flatten)
}

/// Moves a relay's position, and says that it lives. False where the lease is somebody else's by now.
pub(super) async fn save(route: &Route, epoch: i64, position: i64) -> Result<bool, StoreError> {
    let (name, source, now) = (route.name.clone(), route.source.clone(), route.clock.now());
    let (lease, holder) = (lease_name(SCOPE, LEASE), route.holder.clone());
    let saved = route.db.write(async move |tx: &mut Tx| {
        if !owns(tx, &lease, &holder, epoch).await? {
            return Ok(false);
        }
        sql("UPDATE positions SET position = $4, seen_at = $5 \
             WHERE consumer = $1 AND source = $2 AND partition = $3 AND position <= $4")
        .bind(&name)
        .bind(&source)
        .bind(PARTITION)
        .bind(position)
        .bind(now)
        .execute(tx)
        .await?;
        Ok::<_, StoreError>(true)
    });
    saved.await.map_err(WriteError::flatten)
}

/// Whether the lease is still ours by the table, which somebody may have changed beside this process.
pub(super) async fn is_ours(route: &Route, epoch: i64) -> Result<bool, StoreError> {
    let (lease, holder) = (lease_name(SCOPE, LEASE), route.holder.clone());
    let looked = route.db.read(async move |reader: &mut Reader| {
        let found = sql("SELECT epoch FROM leases WHERE name = $1 AND holder = $2 AND epoch = $3")
            .bind(&lease)
            .bind(&holder)
            .bind(epoch)
            .optional(reader)
            .await?;
        Ok(found.is_some())
    });
    looked.await
}
