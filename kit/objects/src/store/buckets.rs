//! Buckets, their numbers, and the room that is promised to what is being received.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

use crate::domain::{Bucket, Change};

fn bucket(row: &Row) -> Result<Bucket, StoreError> {
    Ok(Bucket {
        name: row.get("name")?,
        quota_bytes: row.get("quota_bytes")?,
        object_bytes: row.get("object_bytes")?,
        objects: row.get("objects")?,
        part_bytes: row.get("part_bytes")?,
        created_at: row.get("created_at")?,
    })
}

/// False where the name is taken.
pub(crate) async fn insert_bucket(
    tx: &mut Tx,
    name: &str,
    quota_bytes: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sql("INSERT INTO buckets \
         (name, quota_bytes, object_bytes, objects, part_bytes, closing, created_at) \
         VALUES ($1, $2, 0, 0, 0, 0, $3) ON CONFLICT (name) DO NOTHING")
    .bind(name)
    .bind(quota_bytes)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

const BUCKET: &str = "SELECT name, quota_bytes, object_bytes, objects, part_bytes, created_at FROM buckets \
                      WHERE name = $1 AND closing = 0";

/// A bucket that is not being deleted.
pub(crate) async fn find_bucket(on: &mut impl Session, name: &str) -> Result<Option<Bucket>, StoreError> {
    let row = sql(BUCKET).bind(name).optional(on).await?;
    row.as_ref().map(bucket).transpose()
}

/// As [`find_bucket`], and holds it.
pub(crate) async fn find_bucket_for_update(tx: &mut Tx, name: &str) -> Result<Option<Bucket>, StoreError> {
    let row = sql(BUCKET).bind(name).for_update().optional(tx).await?;
    row.as_ref().map(bucket).transpose()
}

/// Adds to a bucket's numbers.
pub(crate) async fn change_bucket(tx: &mut Tx, name: &str, change: Change) -> Result<(), StoreError> {
    sql(
        "UPDATE buckets SET object_bytes = object_bytes + $2, objects = objects + $3, part_bytes = part_bytes + $4 \
         WHERE name = $1",
    )
    .bind(name)
    .bind(change.object_bytes)
    .bind(change.objects)
    .bind(change.part_bytes)
    .execute(tx)
    .await?;
    Ok(())
}

/// False where there is no such bucket.
pub(crate) async fn set_quota(tx: &mut Tx, name: &str, quota_bytes: i64) -> Result<bool, StoreError> {
    let changed = sql("UPDATE buckets SET quota_bytes = $2 WHERE name = $1 AND closing = 0")
        .bind(name)
        .bind(quota_bytes)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Hides a bucket from everybody, and takes its access keys and what is promised to it.
pub(crate) async fn close_bucket(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    sql("UPDATE buckets SET closing = 1 WHERE name = $1")
        .bind(name)
        .execute(tx)
        .await?;
    sql("DELETE FROM access_keys WHERE bucket = $1")
        .bind(name)
        .execute(tx)
        .await?;
    sql("DELETE FROM reservations WHERE bucket = $1")
        .bind(name)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether the name is taken, by a bucket or by what is left of one.
pub(crate) async fn is_bucket_row(on: &mut impl Session, name: &str) -> Result<bool, StoreError> {
    let row = sql("SELECT name FROM buckets WHERE name = $1")
        .bind(name)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// The last step of deleting a bucket; nothing may be in it.
pub(crate) async fn delete_bucket_row(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    sql("DELETE FROM buckets WHERE name = $1 AND closing = 1")
        .bind(name)
        .execute(tx)
        .await?;
    Ok(())
}

/// What is promised to all but one of those that are being received.
pub(crate) async fn reserved_bytes(tx: &mut Tx, bucket: &str, but: &str) -> Result<i64, StoreError> {
    sql("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM reservations WHERE bucket = $1 AND id <> $2")
        .bind(bucket)
        .bind(but)
        .one(tx)
        .await?
        .get("bytes")
}

pub(crate) async fn insert_reservation(
    tx: &mut Tx,
    id: &str,
    bucket: &str,
    bytes: i64,
) -> Result<(), StoreError> {
    sql("INSERT INTO reservations (id, bucket, bytes) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(bucket)
        .bind(bytes)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn delete_reservation(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM reservations WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// For the start: nothing is being received.
pub(crate) async fn drop_reservations(tx: &mut Tx) -> Result<(), StoreError> {
    sql("DELETE FROM reservations").execute(tx).await?;
    Ok(())
}
