//! What a use case is called with.

use std::ops::Deref;
use std::sync::OnceLock;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use kit_http::server::RequestId;
use kit_http::{Access, ApiError, Customer, GuestAccess, MatchedRoute, Verified};
use kit_rpc::{Actor, AuditedRequest, CallContext, Deadline};
use kit_telemetry::TraceParent;
use kit_token::Role;

use crate::Origin;
use crate::origin::Sender;

/// How long a request may take when nothing else says so.
const USUAL_TIME: std::time::Duration = std::time::Duration::from_secs(10);
const LONGEST_KEY: usize = 255;

/// One request to a service: who asks, from where, in which trace, under which idempotency key, and until when.
///
/// `A` is who may ask: [`Customer`] for somebody who is signed in, [`Anyone`](kit_http::Anyone) on public routes
/// and those for guests, [`Holder`](kit_http::Holder) where a guest's token may open what is asked for. Role and
/// access were checked against the route table before the handler. It is a [`CallContext`] by `Deref`, for calls of
/// other services.
#[derive(Clone, Debug)]
pub struct Call<A = Customer> {
    /// The actor who makes the request.
    pub actor: A,
    sender: Sender,
    context: CallContext,
    pub(crate) operation: &'static str,
    pub(crate) success: StatusCode,
    /// The path, where there is an idempotency key; with the body it says what is asked.
    pub(crate) path: String,
    key_owner: Option<String>,
}

impl Call<Actor> {
    /// A call that came by a contract, for a method of this name.
    pub fn by_contract(context: &CallContext, method: &'static str) -> Self {
        Self {
            actor: context.actor().clone(),
            sender: Sender::default(),
            context: context.clone(),
            operation: method,
            success: StatusCode::OK,
            path: String::new(),
            key_owner: None,
        }
    }
}

impl<A> Call<A> {
    /// Where the request comes from.
    pub fn origin(&self) -> Origin {
        self.sender.origin()
    }

    /// The same call, whose idempotency key belongs to somebody whom its token does not name, such as a guest.
    #[must_use]
    pub fn with_key_owner(mut self, owner: impl Into<String>) -> Self {
        self.key_owner = Some(owner.into());
        self
    }

    /// Whose idempotency keys are used; none of a caller who could not be told from another.
    pub fn key_owner(&self) -> Option<String> {
        self.key_owner.clone().or_else(|| match self.context.actor() {
            Actor::User(principal) => Some(principal.user_id.to_string()),
            Actor::Service(name) => Some(format!("service:{name}")),
            Actor::Anonymous => None,
        })
    }
}

impl<A> Deref for Call<A> {
    type Target = CallContext;

    fn deref(&self) -> &CallContext {
        &self.context
    }
}

impl<A, S> FromRequestParts<S> for Call<A>
where
    A: FromRequestParts<S, Rejection = ApiError>,
    S: Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let actor = A::from_request_parts(parts, state).await?;
        let sender = Sender::of(parts);
        let matched = parts.extensions.get::<MatchedRoute>();
        let context = audited(context(parts)?, parts, matched, &sender);
        let is_keyed = context.idempotency_key().is_some();
        let guest = parts
            .extensions
            .get()
            .map(|GuestAccess(hash)| format!("guest:{hash}"));
        Ok(Self {
            actor,
            sender,
            operation: matched.map_or("", |route| route.label.operation),
            success: matched.map_or(StatusCode::OK, |route| route.success),
            path: if is_keyed {
                parts.uri.path().to_owned()
            } else {
                String::new()
            },
            context,
            key_owner: guest,
        })
    }
}

/// The call with what the audit log tells of it, where somebody may change something by a role: on a route of staff or
/// admins, or at what belongs to somebody else, which admins may.
fn audited(
    context: CallContext,
    parts: &Parts,
    matched: Option<&MatchedRoute>,
    sender: &Sender,
) -> CallContext {
    let (Some(route), Actor::User(principal)) = (matched, context.actor()) else {
        return context;
    };
    let is_by_role = match route.access {
        Access::Staff | Access::Admin => true,
        Access::Own | Access::Holder => principal.includes(Role::Staff),
        Access::Public | Access::Guest | Access::User => false,
    };
    if parts.method.is_safe() || !is_by_role {
        return context;
    }
    let Origin { device, ip } = sender.origin();
    let request = AuditedRequest {
        actor: principal.user_id,
        service: route.label.service,
        operation: route.label.operation,
        path: parts.uri.path().to_owned(),
        ip,
        device,
        line_id: OnceLock::new(),
    };
    context.with_audit(request)
}

/// The actor whom the route's guard verified (nobody on a public route), the request's identifier and trace, its
/// `Idempotency-Key`, and ten seconds' time.
fn context(parts: &Parts) -> Result<CallContext, ApiError> {
    let given = &parts.extensions;
    let actor = given
        .get::<Verified>()
        .map_or(Actor::Anonymous, |verified| Actor::User(verified.0.clone()));
    let context = CallContext::new(actor, Deadline::after(USUAL_TIME)).with_trace(
        given.get::<TraceParent>().copied(),
        given.get::<RequestId>().map(|id| id.0.clone()),
    );
    let mut keys = parts.headers.get_all("idempotency-key").iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(context),
        (Some(only), None) => key_of(only),
        (Some(_), Some(_)) => None,
    };
    key.map(|key| context.with_idempotency_key(key))
        .ok_or_else(ApiError::invalid_idempotency_key)
}

fn key_of(value: &HeaderValue) -> Option<&str> {
    let is_printable = value.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'));
    let key = value.to_str().ok().filter(|_| is_printable)?;
    (1..=LONGEST_KEY).contains(&key.len()).then_some(key)
}
