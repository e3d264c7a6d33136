//! Access keys.

use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

/// A key of access to one bucket.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    pub(crate) sealed_secret: String,
    pub(crate) bucket: String,
    pub(crate) enabled: bool,
}

pub(crate) async fn find_access_key(
    on: &mut impl Session,
    id: &str,
) -> Result<Option<AccessKey>, StoreError> {
    let row = sql("SELECT sealed_secret, bucket, enabled FROM access_keys WHERE id = $1")
        .bind(id)
        .optional(on)
        .await?;
    let read = |row: kit_db::Row| {
        Ok(AccessKey {
            sealed_secret: row.get("sealed_secret")?,
            bucket: row.get("bucket")?,
            enabled: row.get("enabled")?,
        })
    };
    row.map(read).transpose()
}

/// Makes a key, or gives one another secret; false where the identifier is a key to another bucket.
pub(crate) async fn upsert_access_key(
    tx: &mut Tx,
    id: &str,
    sealed_secret: &str,
    bucket: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "INSERT INTO access_keys (id, sealed_secret, bucket, enabled, created_at) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT (id) DO UPDATE SET sealed_secret = excluded.sealed_secret \
         WHERE access_keys.bucket = excluded.bucket",
    )
    .bind(id)
    .bind(sealed_secret)
    .bind(bucket)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// False where there is no such key.
pub(crate) async fn set_key_enabled(tx: &mut Tx, id: &str, enabled: bool) -> Result<bool, StoreError> {
    let changed = sql("UPDATE access_keys SET enabled = $2 WHERE id = $1")
        .bind(id)
        .bind(enabled)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn delete_access_key(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM access_keys WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}
