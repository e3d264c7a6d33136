//! What is done by a role, on its way to the audit log.
//!
//! A service keeps no log of its own: its lines wait in its database, where they committed with what they tell of,
//! until whoever keeps the log has taken them. Sent twice, a line has one identifier.

use kit_runtime::Timestamp;

use crate::{Db, Reader, StoreError, Tx, WriteError, sql, table_row};

/// What somebody did by their role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// The identifier of the line; later lines sort after earlier ones.
    pub id: String,
    /// When it was done (UTC).
    pub at: Timestamp,
    /// The user who did it.
    pub actor: String,
    /// Service and operation, such as `orders.ship_order`.
    pub action: String,
    /// The path of the request, which names what was acted on.
    pub subject: String,
    /// The client's IP address, empty where it is unknown.
    pub ip: String,
    /// What the request was sent with.
    pub detail: String,
}

table_row! {
    AuditLine in "audit_unsent" {
        id: value, at: value, actor: value, action: value, subject: value, ip: value, detail: value,
    }
}

/// Writes a line down, unless it is there.
pub async fn insert(tx: &mut Tx, line: &AuditLine) -> Result<(), StoreError> {
    let statement = crate::insert(line).push(" ON CONFLICT (id) DO NOTHING");
    statement.execute(tx).await.map(|_| ())
}

/// Tells whoever takes lines to the audit log that one has been committed.
pub fn announce(db: &Db) {
    db.inner.core.audited.notify_one();
}

/// Waits until this process has committed a line since this was last waited for.
pub async fn announced(db: &Db) {
    db.inner.core.audited.notified().await;
}

/// At most `limit` lines that the audit log has not been told, the oldest first.
pub async fn list_unsent(db: &Db, limit: i64) -> Result<Vec<AuditLine>, StoreError> {
    let read = async move |reader: &mut Reader| {
        let lines = crate::select::<AuditLine>("ORDER BY id LIMIT $1").bind(limit);
        lines.rows(reader).await
    };
    db.read(read).await
}

/// Forgets lines that the audit log has.
pub async fn delete_sent(db: &Db, ids: Vec<String>) -> Result<(), StoreError> {
    let delete = async move |tx: &mut Tx| {
        let sent = ids.iter().map(String::as_str);
        let statement = sql("DELETE FROM audit_unsent WHERE id IN ").push_list(sent);
        statement.execute(tx).await.map(|_| ())
    };
    db.write(delete).await.map_err(WriteError::flatten)
}
