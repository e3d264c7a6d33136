//! The audit log: who did what, when, from where.

use std::fmt::Display;

use auth_api::AuditEntry;
use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};

use super::{AuthFailure, AuthService, Inner, Origin};
use crate::store;

impl Inner {
    /// A line to be stored with what it tells of.
    pub(super) fn audit_line(
        &self,
        actor: impl Display,
        action: &str,
        subject: impl Display,
        origin: &Origin,
    ) -> AuditEntry {
        AuditEntry {
            id: self.ids.uuid().to_string(),
            at: self.clock.now(),
            actor: actor.to_string(),
            action: action.to_owned(),
            subject: subject.to_string(),
            ip: origin.ip.clone(),
            detail: origin.device.clone(),
        }
    }
}

impl AuthService {
    /// The newest lines first.
    pub(crate) async fn list_audit(&self, request: &PageRequest) -> Result<Page<AuditEntry>, AuthFailure> {
        let (before, limit) = (request.after.clone(), i64::from(request.limit) + 1);
        let read = async move |reader: &mut Reader| store::list_audit(reader, before.as_deref(), limit).await;
        Ok(Page::cut(self.0.db.read(read).await?, request, |line| {
            line.id.clone()
        }))
    }
}
