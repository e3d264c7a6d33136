//! Sessions.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::{SessionId, UserId};

use crate::domain::SessionState;

const COLUMNS: &str = "SELECT session_id, user_id, counter, device, ip, created_at, rotated_at, last_used_at,
    expires_at, revoked_at FROM sessions ";

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

pub(crate) async fn find_session(
    on: &mut impl Session,
    session_id: SessionId,
) -> Result<Option<SessionState>, StoreError> {
    let row = sql(COLUMNS)
        .push("WHERE session_id = $1")
        .bind(session_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| session(&row)).transpose()
}

/// Whose session it is, which never changes.
pub(crate) async fn find_owner(
    on: &mut impl Session,
    session_id: SessionId,
) -> Result<Option<UserId>, StoreError> {
    let row = sql("SELECT user_id FROM sessions WHERE session_id = $1").bind(session_id.to_string());
    row.optional(on)
        .await?
        .map(|row| row.parse("user_id"))
        .transpose()
}

/// Whether a user has begun a session at this address, as far back as sessions are remembered. Nobody has
/// where the address is not known.
pub(crate) async fn has_begun_at(
    on: &mut impl Session,
    user_id: UserId,
    ip: &str,
) -> Result<bool, StoreError> {
    let row = sql("SELECT session_id FROM sessions WHERE user_id = $1 AND ip = $2 LIMIT 1")
        .bind(user_id.to_string())
        .bind(ip);
    Ok(row.optional(on).await?.is_some() && !ip.is_empty())
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

/// At most `limit` open sessions of a user in the order they began, after the one given.
pub(crate) async fn list_open_sessions(
    on: &mut impl Session,
    user_id: UserId,
    after: &str,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<SessionState>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE user_id = $1 AND session_id > $2 AND revoked_at IS NULL AND expires_at > $3")
        .push(" ORDER BY session_id LIMIT $4")
        .bind(user_id.to_string())
        .bind(after)
        .bind(now)
        .bind(limit);
    statement.all(on).await?.iter().map(session).collect()
}

/// Counts the refresh token on. The caller holds the account.
pub(crate) async fn rotate(
    tx: &mut Tx,
    session_id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "UPDATE sessions SET counter = counter + 1, rotated_at = $2, last_used_at = $2, expires_at = $3
         WHERE session_id = $1",
    )
    .bind(session_id.to_string())
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// When sessions end. Those that cannot go on any more end too while an access token of theirs may live,
/// which was issued when they were used last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndAt {
    pub now: Timestamp,
    /// What was issued before has expired.
    pub oldest_token: Timestamp,
}

/// Ends one session of a user; whether there was one to end.
pub(crate) async fn end_session(
    tx: &mut Tx,
    user_id: UserId,
    session_id: SessionId,
    at: EndAt,
) -> Result<bool, StoreError> {
    let ended = sql("UPDATE sessions SET revoked_at = $3
                     WHERE session_id = $1 AND user_id = $2 AND revoked_at IS NULL
                         AND (expires_at > $3 OR last_used_at > $4)")
    .bind(session_id.to_string())
    .bind(user_id.to_string())
    .bind(at.now)
    .bind(at.oldest_token)
    .execute(tx)
    .await?;
    Ok(ended == 1)
}

/// Ends every session of a user but the one to keep; which they were.
pub(crate) async fn end_sessions(
    tx: &mut Tx,
    user_id: UserId,
    keep: Option<SessionId>,
    at: EndAt,
) -> Result<Vec<SessionId>, StoreError> {
    let kept = keep.map(|session| session.to_string()).unwrap_or_default();
    let rows = sql("UPDATE sessions SET revoked_at = $3
                    WHERE user_id = $1 AND session_id <> $2 AND revoked_at IS NULL
                        AND (expires_at > $3 OR last_used_at > $4)
                    RETURNING session_id")
    .bind(user_id.to_string())
    .bind(kept)
    .bind(at.now)
    .bind(at.oldest_token)
    .all(tx)
    .await?;
    rows.iter().map(|row| row.parse("session_id")).collect()
}

/// At most `limit` sessions that ended by then.
pub(crate) async fn list_ended_sessions(
    on: &mut impl Session,
    by: Timestamp,
    limit: i64,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = sql("SELECT session_id FROM sessions WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT $2")
        .bind(by)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(|row| row.parse("session_id")).collect()
}

/// Deletes sessions that ended: nothing begins them again.
pub(crate) async fn delete_sessions(tx: &mut Tx, ended: &[SessionId]) -> Result<(), StoreError> {
    sql("DELETE FROM sessions WHERE session_id IN ")
        .push_list(ended.iter().map(ToString::to_string))
        .execute(tx)
        .await?;
    Ok(())
}

fn session(row: &Row) -> Result<SessionState, StoreError> {
    Ok(SessionState {
        session_id: row.parse("session_id")?,
        user_id: row.parse("user_id")?,
        counter: row.get("counter")?,
        device: row.get("device")?,
        ip: row.get("ip")?,
        created_at: row.get("created_at")?,
        rotated_at: row.get("rotated_at")?,
        last_used_at: row.get("last_used_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
