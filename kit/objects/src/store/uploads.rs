//! Uploads in parts that are not completed.

use kit_db::{Row, Session, StoreError, Tx, sql};

use super::to_json;
use crate::domain::{Algorithm, ChecksumKind, Upload};

fn upload(row: &Row) -> Result<Upload, StoreError> {
    let algorithm: Option<String> = row.get("checksum_algorithm")?;
    let algorithm = algorithm.as_deref().and_then(Algorithm::parse);
    let kind: Option<String> = row.get("checksum_type")?;
    let kind = kind.as_deref().and_then(ChecksumKind::parse);
    Ok(Upload {
        id: row.get("id")?,
        bucket: row.get("bucket")?,
        key: row.get("key")?,
        headers: row.json("headers")?,
        checksum: algorithm.zip(kind),
        created_at: row.get("created_at")?,
    })
}

const UPLOADS: &str =
    "SELECT id, bucket, key, headers, checksum_algorithm, checksum_type, created_at FROM uploads ";

pub(crate) async fn insert_upload(tx: &mut Tx, upload: &Upload) -> Result<(), StoreError> {
    sql(
        "INSERT INTO uploads (id, bucket, key, headers, checksum_algorithm, checksum_type, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(upload.id.as_str())
    .bind(upload.bucket.as_str())
    .bind(upload.key.as_str())
    .bind(to_json(&upload.headers)?)
    .bind(upload.checksum.map(|(algorithm, _)| algorithm.as_str()))
    .bind(upload.checksum.map(|(_, kind)| kind.as_str()))
    .bind(upload.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// An upload of this key; that of another key is none.
pub(crate) async fn find_upload(
    on: &mut impl Session,
    bucket: &str,
    key: &str,
    id: &str,
) -> Result<Option<Upload>, StoreError> {
    let row = sql(UPLOADS)
        .push("WHERE id = $1 AND bucket = $2 AND key = $3")
        .bind(id)
        .bind(bucket)
        .bind(key)
        .optional(on)
        .await?;
    row.as_ref().map(upload).transpose()
}

/// A page of a bucket's uploads by their keys, and those of a key by when they began: behind an upload of a key, if
/// one is given.
pub(crate) async fn list_uploads(
    on: &mut impl Session,
    bucket: &str,
    (from, id): (&str, &str),
    limit: i64,
) -> Result<Vec<Upload>, StoreError> {
    let rows = sql(UPLOADS)
        .push("WHERE bucket = $1 AND (key, id) > ($2, $3) ORDER BY key, id LIMIT $4")
        .bind(bucket)
        .bind(from)
        .bind(id)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(upload).collect()
}

pub(crate) async fn delete_upload_row(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM uploads WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}
