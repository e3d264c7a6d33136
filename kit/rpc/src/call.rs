//! Who calls, until when, on behalf of which request: the first argument of every call between services.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kit_telemetry::TraceParent;
use kit_token::{Principal, UserId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::wire::principal;

/// What every call carries: actor, deadline, trace and idempotency key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallContext {
    actor: Actor,
    deadline: Deadline,
    trace: Option<TraceParent>,
    request_id: Option<Arc<str>>,
    idempotency_key: Option<Arc<str>>,
    audited: Option<Arc<AuditedRequest>>,
}

/// A request by somebody who acts by a role, as the audit log tells of it if it changes something.
#[derive(Debug)]
pub struct AuditedRequest {
    /// Whose role it is.
    pub actor: UserId,
    /// The service that was asked, which writes it down; those that it asks in turn do not.
    pub service: &'static str,
    /// The operation of the route.
    pub operation: &'static str,
    /// The path, which names what is acted on.
    pub path: String,
    /// The client's IP address, empty where it is unknown.
    pub ip: String,
    /// What the request was sent with.
    pub device: String,
    /// The identifier of its line, whichever of its units of work writes that first.
    pub line_id: OnceLock<String>,
}

/// On whose authority a call is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A caller who is not signed in.
    Anonymous,
    /// A user who proved who they are.
    User(#[serde(with = "principal")] Arc<Principal>),
    /// A service of its own accord, by its name.
    Service(Cow<'static, str>),
}

/// When a call's answer is of no more use. In this process a moment of the monotonic clock; between
/// processes what remains of it, in milliseconds, since clocks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl CallContext {
    /// A call by `actor`, without a trace, for instance of a background task.
    pub fn new(actor: Actor, deadline: Deadline) -> Self {
        Self {
            actor,
            deadline,
            trace: None,
            request_id: None,
            idempotency_key: None,
            audited: None,
        }
    }

    /// The same call on the authority of a service, not of whoever asked it.
    #[must_use]
    pub fn for_service(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.actor = Actor::Service(name.into());
        self
    }

    /// The same call as part of a request and its trace.
    #[must_use]
    pub fn with_trace(mut self, trace: Option<TraceParent>, request_id: Option<Arc<str>>) -> Self {
        self.trace = trace;
        self.request_id = request_id;
        self
    }

    /// The same call as part of a step of its trace.
    #[must_use]
    pub(crate) fn in_step(mut self, step: Option<TraceParent>) -> Self {
        self.trace = step;
        self
    }

    /// The same call, to be done once however often it is sent with this key; so a failed command may be
    /// sent again.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// The same call, which is written down if it changes something.
    #[must_use]
    pub fn with_audit(mut self, request: AuditedRequest) -> Self {
        self.audited = Some(Arc::new(request));
        self
    }

    /// The same call, of which somebody else writes down more than its request tells.
    #[must_use]
    pub fn without_audit(mut self) -> Self {
        self.audited = None;
        self
    }

    /// The same call with no more than `span` left.
    #[must_use]
    pub fn within(mut self, span: Duration) -> Self {
        self.deadline = self.deadline.min(Deadline::after(span));
        self
    }

    /// The actor on whose authority the call is made.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The moment by which the call must be answered.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The trace to which the call belongs.
    pub fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// The request it serves, as logs and error bodies name it.
    pub fn request_id(&self) -> Option<&Arc<str>> {
        self.request_id.as_ref()
    }

    /// The key under which it is done once.
    pub fn idempotency_key(&self) -> Option<&Arc<str>> {
        self.idempotency_key.as_ref()
    }

    /// The request as it is written down, where it is one of somebody who acts by a role.
    pub fn audited(&self) -> Option<&Arc<AuditedRequest>> {
        self.audited.as_ref()
    }
}

impl Actor {
    /// The user, where it is one.
    pub fn user(&self) -> Option<&Arc<Principal>> {
        match self {
            Self::User(principal) => Some(principal),
            Self::Anonymous | Self::Service(_) => None,
        }
    }
}

impl Deadline {
    /// So long from now; spans beyond a year are as good as for ever.
    pub fn after(span: Duration) -> Self {
        const YEAR: Duration = Duration::from_hours(365 * 24);
        Self(Instant::now() + span.min(YEAR))
    }

    /// A deadline at this moment.
    pub const fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// The moment of the deadline.
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// The time until the deadline; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether the deadline has passed.
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }
}
