//! The keys that access tokens are signed with, sealed.

use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredKey {
    pub kid: String,
    pub sealed_key: String,
    pub created_at: Timestamp,
    pub active_from: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

/// All keys, the oldest first.
pub(crate) async fn list_keys(on: &mut impl Session) -> Result<Vec<StoredKey>, StoreError> {
    let rows = sql(
        "SELECT kid, sealed_key, created_at, active_from, withdrawn_at FROM signing_keys
                    ORDER BY active_from, kid",
    )
    .all(on)
    .await?;
    let key = |row: &kit_db::Row| {
        Ok(StoredKey {
            kid: row.get("kid")?,
            sealed_key: row.get("sealed_key")?,
            created_at: row.get("created_at")?,
            active_from: row.get("active_from")?,
            withdrawn_at: row.get("withdrawn_at")?,
        })
    };
    rows.iter().map(key).collect()
}

/// Stores a key unless it is there.
pub(crate) async fn insert_key(tx: &mut Tx, key: &StoredKey) -> Result<(), StoreError> {
    sql(
        "INSERT INTO signing_keys (kid, sealed_key, created_at, active_from) VALUES ($1, $2, $3, $4)
         ON CONFLICT (kid) DO NOTHING",
    )
    .bind(key.kid.as_str())
    .bind(key.sealed_key.as_str())
    .bind(key.created_at)
    .bind(key.active_from)
    .execute(tx)
    .await?;
    Ok(())
}

/// Withdraws a key: nothing is signed with it and nothing it signed is believed any more. Whether it was there.
pub(crate) async fn withdraw_key(tx: &mut Tx, kid: &str, now: Timestamp) -> Result<bool, StoreError> {
    let withdrawn = sql("UPDATE signing_keys SET withdrawn_at = $2 WHERE kid = $1 AND withdrawn_at IS NULL")
        .bind(kid)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(withdrawn == 1)
}
