//! The audit log: who did what, when, from where.

use std::fmt;
use std::fmt::Display;
use std::time::Duration;

use auth_api::AuditEntry;
use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_service::{Call, Origin};
use kit_token::UserId;

use super::{AuthFailure, AuthService};
use crate::store;

/// How long what an operator asks may take.
const OPERATOR_LIMIT: Duration = Duration::from_mins(1);

/// Who does something that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuditActor {
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

impl Display for AuditActor {
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

/// By whom something is done that is written down, from where, and in which trace.
#[derive(Clone, Debug)]
pub(crate) struct By {
    actor: AuditActor,
    origin: Origin,
    pub context: CallContext,
}

impl By {
    /// Somebody who calls, known by something else than a token.
    pub(super) fn caller<A>(actor: AuditActor, call: &Call<A>) -> Self {
        Self {
            actor,
            origin: call.origin(),
            // The use case writes down more than the request tells.
            context: (**call).clone().without_audit(),
        }
    }

    /// The operator, by means of this: the command line, or the configuration.
    pub(crate) fn operator(means: &str) -> Self {
        let actor = Actor::Service("operator".into());
        Self {
            actor: AuditActor::Operator,
            origin: Origin::internal(means),
            context: CallContext::new(actor, Deadline::after(OPERATOR_LIMIT)),
        }
    }
}

impl From<&Call> for By {
    fn from(call: &Call) -> Self {
        Self::caller(AuditActor::User(call.actor.user_id), call)
    }
}

impl AuthService {
    /// A line to be stored with what it tells of.
    pub(super) fn audit_line(&self, by: &By, action: &str, subject: impl Display) -> AuditEntry {
        AuditEntry {
            id: self.units.new_id::<kit_values::Uuid>().to_string(),
            at: self.units.now(),
            actor: by.actor.to_string(),
            action: action.to_owned(),
            subject: subject.to_string(),
            ip: by.origin.ip.clone(),
            detail: by.origin.device.clone(),
        }
    }

    /// The newest lines first.
    pub(crate) async fn list_audit(&self, request: &PageRequest) -> Result<Page<AuditEntry>, AuthFailure> {
        let (before, limit) = request.rows::<String>()?;
        let read = async move |reader: &mut Reader| store::list_audit(reader, before.as_deref(), limit).await;
        let found = self.units.read(read).await?;
        Ok(Page::cut(found, request, |line| line.id.clone()))
    }
}
