//! Sessions.

use kit_db::{Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::{SessionId, UserId};

/// A session about to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub device: String,
    pub ip: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

pub(crate) async fn insert_session(tx: &mut Tx, session: &NewSession) -> Result<(), StoreError> {
    sql(
        "INSERT INTO sessions (session_id, user_id, device, ip, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(session.session_id.to_string())
    .bind(session.user_id.to_string())
    .bind(session.device.as_str())
    .bind(session.ip.as_str())
    .bind(session.created_at)
    .bind(session.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn count_open_sessions(
    on: &mut impl Session,
    user_id: UserId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = sql("SELECT CAST(COUNT(*) AS BIGINT) AS open FROM sessions
                   WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2")
    .bind(user_id.to_string())
    .bind(now)
    .one(on)
    .await?;
    row.get("open")
}
