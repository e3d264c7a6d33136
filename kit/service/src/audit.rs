//! What is done by a role, on its way to the audit log.
//!
//! A service keeps no log of its own: its lines wait in its database, where they committed with what they tell of,
//! until whoever keeps the log has taken them. Sent twice, a line has one identifier.

use kit_db::{Db, Reader, StoreError, Tx, WriteError, select, sql};
use kit_rpc::AuditedRequest;
use kit_runtime::Timestamp;

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

kit_db::table_row! {
    AuditLine in "audit_unsent" {
        id: value, at: value, actor: value, action: value, subject: value, ip: value, detail: value,
    }
}

impl AuditLine {
    pub(crate) fn of(request: &AuditedRequest, at: Timestamp, new_id: impl FnOnce() -> String) -> Self {
        Self {
            id: request.line_id.get_or_init(new_id).clone(),
            at,
            actor: request.actor.to_string(),
            action: format!("{}.{}", request.service, request.operation),
            subject: request.path.clone(),
            ip: request.ip.clone(),
            detail: request.device.clone(),
        }
    }
}

/// Writes a line down, if there is one, unless an earlier unit of the same request did.
pub(crate) async fn insert(tx: &mut Tx, line: Option<&AuditLine>) -> Result<(), StoreError> {
    if let Some(line) = line {
        let statement = kit_db::insert(line).push(" ON CONFLICT (id) DO NOTHING");
        statement.execute(tx).await?;
    }
    Ok(())
}

/// At most `limit` lines that a service has and the audit log has not been told, the oldest first.
pub async fn list_unsent_audit(db: &Db, limit: i64) -> Result<Vec<AuditLine>, StoreError> {
    let read = async move |reader: &mut Reader| {
        select::<AuditLine>("ORDER BY id LIMIT $1")
            .bind(limit)
            .rows(reader)
            .await
    };
    db.read(read).await
}

/// Forgets lines that the audit log has.
pub async fn delete_sent_audit(db: &Db, ids: Vec<String>) -> Result<(), StoreError> {
    let delete = async move |tx: &mut Tx| {
        let statement =
            sql("DELETE FROM audit_unsent WHERE id IN ").push_list(ids.iter().map(String::as_str));
        statement.execute(tx).await.map(|_| ())
    };
    db.write(delete).await.map_err(WriteError::flatten)
}
