//! What was revoked, for every process that verifies tokens.

use auth_api::{RevocationCursor, RevocationNews};
use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::{SessionId, UserId};

/// An entry about to be made.
#[derive(Clone, Debug)]
pub(crate) struct Revocation {
    pub id: String,
    pub what: Revoked,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// What is dead from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    Session(SessionId),
    Epoch { user_id: UserId, epoch: i64 },
}

pub(crate) async fn insert_revocation(tx: &mut Tx, entry: &Revocation) -> Result<(), StoreError> {
    let (session_id, user_id, epoch) = match entry.what {
        Revoked::Session(session) => (Some(session.to_string()), None, None),
        Revoked::Epoch { user_id, epoch } => (None, Some(user_id.to_string()), Some(epoch)),
    };
    sql(
        "INSERT INTO revocations (revocation_id, session_id, user_id, epoch, at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(entry.id.as_str())
    .bind(session_id)
    .bind(user_id)
    .bind(epoch)
    .bind(entry.at)
    .bind(entry.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// At most `limit` entries after the cursor that still matter, and where they end.
pub(crate) async fn read_revocations(
    on: &mut impl Session,
    after: Option<&RevocationCursor>,
    limit: i64,
    now: Timestamp,
) -> Result<RevocationNews, StoreError> {
    let (at, id) = after.map_or((Timestamp::default(), ""), |cursor| {
        (cursor.at, cursor.id.as_str())
    });
    let rows = sql(
        "SELECT revocation_id, session_id, user_id, epoch, at FROM revocations
                    WHERE (at, revocation_id) > ($1, $2) AND expires_at > $3
                    ORDER BY at, revocation_id LIMIT $4",
    )
    .bind(at)
    .bind(id)
    .bind(now)
    .bind(limit)
    .all(on)
    .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found == limit);
    let mut news = RevocationNews {
        sessions: Vec::new(),
        epochs: Vec::new(),
        cursor: rows.last().map(cursor).transpose()?.or_else(|| after.cloned()),
        more,
        key_set: String::new(),
    };
    for row in &rows {
        match row.parse_optional("session_id")? {
            Some(session) => news.sessions.push(session),
            None => news.epochs.push((row.parse("user_id")?, row.get("epoch")?)),
        }
    }
    Ok(news)
}

/// Deletes the entries that no living token can meet.
pub(crate) async fn delete_revocations(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM revocations WHERE expires_at <= $1")
        .bind(now)
        .execute(tx)
        .await
}

fn cursor(row: &Row) -> Result<RevocationCursor, StoreError> {
    Ok(RevocationCursor {
        at: row.get("at")?,
        id: row.get("revocation_id")?,
    })
}
