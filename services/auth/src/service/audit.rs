//! The audit log: who did what, when, from where.

use std::fmt;
use std::fmt::Display;

use auth_api::AuditEntry;
use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};
use kit_token::{Principal, UserId};

use super::{AuthFailure, AuthService, Inner, Origin};
use crate::store;

/// Who does something that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    User(UserId),
    /// Whoever runs the command line on the service's machine, or writes its configuration.
    Operator,
    /// Whoever was first to open the set-up link.
    SetUpLink,
    /// Whoever holds a refresh token: its user, or who took it from them.
    RefreshToken,
    /// Another service, by the internal key.
    Service,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user_id) => user_id.fmt(f),
            Self::Operator => f.write_str("operator"),
            Self::SetUpLink => f.write_str("set-up link"),
            Self::RefreshToken => f.write_str("refresh token"),
            Self::Service => f.write_str("service"),
        }
    }
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        Self::User(principal.user_id)
    }
}

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
        Ok(Page::cut(self.db.read(read).await?, request, |line| {
            line.id.clone()
        }))
    }
}
