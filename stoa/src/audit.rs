//! Takes what was done by a role to the audit log, which auth keeps.
//!
//! The lines are in the databases of the services that wrote them, with what they tell of, and stay there while auth is
//! away. Processes that host the same service may take the same ones: auth passes over what it has.

use std::time::Duration;

use auth_api::{AuditEntry, AuthClient, RecordAudit};
use kit_db::Db;
use kit_db::audit::{self, AuditLine};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::TaskError;
use kit_service::Peers;

use crate::node::Node;
use crate::tokens::SIGNER;

/// How often it is looked for what another process left, or was not taken.
const PERIOD: Duration = Duration::from_mins(1);

const BATCH: i64 = 100;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Starts it, for each service that this process hosts. A process that does without auth keeps its lines.
pub(crate) fn forward(node: &Node, peers: &Peers) -> anyhow::Result<()> {
    if !node.reaches(SIGNER) {
        return Ok(());
    }
    let auth = peers.client::<AuthClient>()?;
    for db in node.databases() {
        let (db, auth) = (db.clone(), auth.clone());
        let changing = db.clone();
        let woken = move || {
            let db = changing.clone();
            async move { audit::announced(&db).await }
        };
        node.tasks.repeat_woken("stoa.audit", PERIOD, woken, move || {
            let (db, auth) = (db.clone(), auth.clone());
            async move { forward_batch(&db, &auth).await }
        });
    }
    Ok(())
}

/// Takes what there is; whether there was anything.
async fn forward_batch(db: &Db, auth: &AuthClient) -> Result<bool, TaskError> {
    let lines = audit::list_unsent(db, BATCH).await?;
    if lines.is_empty() {
        return Ok(false);
    }
    let ids = lines.iter().map(|line| line.id.clone()).collect();
    let lines = lines.into_iter().map(entry).collect();
    let call = CallContext::new(Actor::Service(db.service().into()), Deadline::after(ANSWER_LIMIT));
    auth.record_audit(&call, RecordAudit { lines }).await?;
    audit::delete_sent(db, ids).await?;
    Ok(true)
}

fn entry(line: AuditLine) -> AuditEntry {
    AuditEntry {
        id: line.id,
        at: line.at,
        actor: line.actor,
        action: line.action,
        subject: line.subject,
        ip: line.ip,
        detail: line.detail,
    }
}
