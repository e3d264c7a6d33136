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

kit_db::table_row! {
    StoredKey in "signing_keys" {
        kid: value,
        sealed_key: value,
        created_at: value,
        active_from: value,
        withdrawn_at: value,
    }
}

/// All keys, the oldest first.
pub(crate) async fn list_keys(on: &mut impl Session) -> Result<Vec<StoredKey>, StoreError> {
    kit_db::select::<StoredKey>("ORDER BY active_from, kid")
        .rows(on)
        .await
}

/// Stores a key unless it is there.
pub(crate) async fn insert_key(tx: &mut Tx, key: &StoredKey) -> Result<(), StoreError> {
    kit_db::insert(key)
        .push(" ON CONFLICT (kid) DO NOTHING")
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
