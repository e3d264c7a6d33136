//! Objects, without their bytes.

use kit_db::{Row, Session, StoreError, Tx, sql};

use super::to_json;
use crate::domain::{Bound, Object, Scan};

fn object(row: &Row) -> Result<Object, StoreError> {
    Ok(Object {
        bucket: row.get("bucket")?,
        key: row.get("key")?,
        content_id: row.get("content_id")?,
        size: row.get("size")?,
        etag: row.get("etag")?,
        parts: row.get("parts")?,
        modified_at: row.get("modified_at")?,
        headers: row.json("headers")?,
        checksums: row.json("checksums")?,
    })
}

const OBJECTS: &str =
    "SELECT bucket, key, content_id, size, etag, parts, modified_at, headers, checksums FROM objects ";

pub(crate) async fn find_object(
    on: &mut impl Session,
    bucket: &str,
    key: &str,
) -> Result<Option<Object>, StoreError> {
    let row = sql(OBJECTS)
        .push("WHERE bucket = $1 AND key = $2")
        .bind(bucket)
        .bind(key)
        .optional(on)
        .await?;
    row.as_ref().map(object).transpose()
}

/// The object whose bytes these are.
pub(crate) async fn find_object_of_content(
    on: &mut impl Session,
    content_id: &str,
) -> Result<Option<Object>, StoreError> {
    let row = sql(OBJECTS)
        .push("WHERE content_id = $1")
        .bind(content_id)
        .optional(on)
        .await?;
    row.as_ref().map(object).transpose()
}

/// Writes an object in place of what has its key.
pub(crate) async fn replace_object(tx: &mut Tx, object: &Object) -> Result<(), StoreError> {
    sql(
        "INSERT INTO objects (bucket, key, content_id, size, etag, parts, modified_at, headers, checksums) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (bucket, key) DO UPDATE SET content_id = excluded.content_id, size = excluded.size, \
           etag = excluded.etag, parts = excluded.parts, modified_at = excluded.modified_at, \
           headers = excluded.headers, checksums = excluded.checksums",
    )
    .bind(object.bucket.as_str())
    .bind(object.key.as_str())
    .bind(object.content_id.as_str())
    .bind(object.size)
    .bind(object.etag.as_str())
    .bind(object.parts)
    .bind(object.modified_at)
    .bind(to_json(&object.headers)?)
    .bind(to_json(&object.checksums)?)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn delete_object_row(tx: &mut Tx, bucket: &str, key: &str) -> Result<(), StoreError> {
    sql("DELETE FROM objects WHERE bucket = $1 AND key = $2")
        .bind(bucket)
        .bind(key)
        .execute(tx)
        .await?;
    Ok(())
}

/// For a bucket that is being deleted.
pub(crate) async fn delete_object_of_content(tx: &mut Tx, content_id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM objects WHERE content_id = $1")
        .bind(content_id)
        .execute(tx)
        .await?;
    Ok(())
}

/// A stretch of a bucket's objects by their keys.
pub(crate) async fn list_objects(
    on: &mut impl Session,
    bucket: &str,
    scan: &Scan,
) -> Result<Vec<Object>, StoreError> {
    let statement = sql(OBJECTS).push("WHERE bucket = $1 AND key ").bind(bucket);
    let statement = match &scan.from {
        Bound::At(key) => statement.push(">= ").push_bind(key.as_str()),
        Bound::Behind(key) => statement.push("> ").push_bind(key.as_str()),
    };
    let statement = match &scan.before {
        Some(key) => statement.push(" AND key < ").push_bind(key.as_str()),
        None => statement,
    };
    let limit = i64::try_from(scan.limit).unwrap_or(i64::MAX);
    let rows = statement
        .push(" ORDER BY key LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    rows.iter().map(object).collect()
}

/// Some of the objects and uploads of a bucket: the keys and whose segments their bytes are.
pub(crate) async fn list_contents(
    on: &mut impl Session,
    bucket: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sql("SELECT key, content_id FROM objects WHERE bucket = $1 \
         UNION ALL SELECT key, id AS content_id FROM uploads WHERE bucket = $1 LIMIT $2")
    .bind(bucket)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("key")?, row.get("content_id")?)))
        .collect()
}
