//! Who did what.

use auth_api::AuditEntry;
use kit_db::{Row, Session, StoreError, Tx, sql};

/// Adds an entry, unless it is there.
pub(crate) async fn insert_audit(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let insert = sql(
        "INSERT INTO audit (audit_id, at, actor, action, subject, ip, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (audit_id) DO NOTHING",
    );
    insert
        .bind(entry.id.as_str())
        .bind(entry.at)
        .bind(entry.actor.as_str())
        .bind(entry.action.as_str())
        .bind(entry.subject.as_str())
        .bind(entry.ip.as_str())
        .bind(entry.detail.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` entries, the newest first, before the one given.
pub(crate) async fn list_audit(
    on: &mut impl Session,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    // `~` sorts after every digit and letter of an identifier.
    let rows = sql(
        "SELECT audit_id, at, actor, action, subject, ip, detail FROM audit
                    WHERE audit_id < $1 ORDER BY audit_id DESC LIMIT $2",
    )
    .bind(before.unwrap_or("~"))
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: row.get("audit_id")?,
        at: row.get("at")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        ip: row.get("ip")?,
        detail: row.get("detail")?,
    })
}
