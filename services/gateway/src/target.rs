//! Where requests go: a service in this process, a peer, a foreign server.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use kit_config::BaseUrl;
use kit_http::server::{ClientAddress, RequestId};
use kit_http::{ApiError, ReplyBody, Verified};
use kit_rpc::pool::{self, Pool, SendError};
use kit_rpc::{INTERNAL_KEY, InternalKeys};
use kit_runtime::Tasks;
use kit_service::PeerLocation;
use kit_telemetry::TraceParent;
use kit_token::{Principal, Role};
use tokio::time::Instant;
use tower::Service;

use crate::body::ForwardedBody;
use crate::external::{Authorization, External};
use crate::headers::{USER_ID, USER_ROLES, USERNAME, clean_response};
use crate::span::{self, begin_call, begin_hosted};
use crate::table::PublicRoute;
use crate::upgrade::{self, Handshake};
use crate::{Backend, BuildError};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A peer holds itself to the same limit; this much later we stop waiting for it to say so.
const GRACE: Duration = Duration::from_secs(1);

/// An answer 101 that is no answer to a handshake.
const UNEXPECTED_UPGRADE: &str = "switched protocols unasked";

/// One of the places.
pub(crate) enum Target {
    /// A service in this process, with everything it serves.
    Hosted(axum::Router),
    /// Another process.
    Upstream(Box<Upstream>),
}

/// Another process, ready to be sent to.
pub(crate) struct Upstream {
    connections: pool::Upstream<ForwardedBody>,
    /// Stands before every path; empty or `/prefix`.
    path_prefix: String,
    address: BaseUrl,
    /// What clients are told it is called.
    display: &'static str,
    /// Only peers are sent one.
    internal_key: Option<HeaderValue>,
    authorization: Authorization,
    tasks: Tasks,
}

/// A request on its way out, its headers cleaned.
pub(crate) struct Outgoing<'a> {
    pub(crate) parts: Parts,
    pub(crate) body: ForwardedBody,
    pub(crate) verified: Option<Verified>,
    pub(crate) client: ClientAddress,
    pub(crate) handshake: Option<Handshake>,
    pub(crate) route: &'a PublicRoute,
}

/// What targets in other processes are made with.
pub(crate) struct Outward {
    pub(crate) pool: Pool<ForwardedBody>,
    pub(crate) internal_keys: InternalKeys,
    /// Tunnels run in these.
    pub(crate) tasks: Tasks,
}

impl Outward {
    pub(crate) fn service(&self, backend: &Backend) -> Result<Target, BuildError> {
        match &backend.location {
            PeerLocation::Hosted(router) => Ok(Target::Hosted(router.clone())),
            PeerLocation::Remote(address) => {
                let mut upstream = self.upstream(address)?;
                upstream.display = backend.table.display;
                upstream.internal_key = Some(self.internal_keys.to_send());
                Ok(Target::Upstream(Box::new(upstream)))
            }
        }
    }

    pub(crate) fn foreign(&self, external: &External) -> Result<Target, BuildError> {
        let mut upstream = self.upstream(&external.target)?;
        upstream.authorization = external.authorization;
        Ok(Target::Upstream(Box::new(upstream)))
    }

    fn upstream(&self, address: &BaseUrl) -> Result<Upstream, BuildError> {
        let refuse = |source| BuildError::Trust {
            target: address.to_string(),
            source,
        };
        Ok(Upstream {
            connections: self.pool.upstream(address).map_err(refuse)?,
            path_prefix: address.path_prefix().to_owned(),
            address: address.clone(),
            display: "Upstream",
            internal_key: None,
            authorization: Authorization::Forwarded,
            tasks: self.tasks.clone(),
        })
    }
}

impl Target {
    /// Hands a request over and waits for the head of the answer.
    pub(crate) async fn answer(&self, outgoing: Outgoing<'_>) -> Response<ReplyBody> {
        match self {
            Self::Hosted(router) => host(router.clone(), outgoing).await,
            Self::Upstream(upstream) => match upstream.send(outgoing).await {
                Ok(reply) => reply,
                Err(refusal) => refusal.into_reply(),
            },
        }
    }
}

/// Calls a service in this process. Its router keeps the route's limits and says who answered by itself; the
/// principal comes as a value that no network peer can send.
async fn host(mut router: axum::Router, mut outgoing: Outgoing<'_>) -> Response<ReplyBody> {
    let mut span = begin_hosted(&mut outgoing.parts, outgoing.route);
    let (overrun, body_limit) = (outgoing.body.overrun(), outgoing.route.body_limit);
    let mut request = Request::from_parts(outgoing.parts, Body::new(outgoing.body));
    let extensions = request.extensions_mut();
    extensions.insert(outgoing.client);
    if let Some(verified) = outgoing.verified {
        extensions.insert(verified);
    }
    let expected = outgoing.handshake.map(|Handshake { client, expected }| {
        extensions.insert(client);
        expected
    });
    let Ok(mut response) = router.call(request).await;
    span::answered(&mut span, &mut response);
    span.end();
    // To the handler the body merely broke off; the client is told why.
    if overrun.happened() {
        return ApiError::too_large(body_limit).into_reply();
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && !expected.is_some_and(|expected| expected.is_in(response.headers()))
    {
        return ApiError::internal(UNEXPECTED_UPGRADE).into_reply();
    }
    response.map(ReplyBody::Hosted)
}

impl Upstream {
    /// Sends a request and gives back the answer, whose body is still under way.
    async fn send(&self, outgoing: Outgoing<'_>) -> Result<Response<ReplyBody>, ApiError> {
        let Outgoing {
            mut parts,
            body,
            verified,
            handshake,
            route,
            ..
        } = outgoing;
        if !self.path_prefix.is_empty() {
            parts.uri = prefixed(&self.path_prefix, &parts.uri)?;
        }
        let span = begin_call(&mut parts, route, &self.address);
        self.introduce(&mut parts, verified.as_ref());
        let overrun = body.overrun();
        let request = Request::from_parts(onward(parts), body);
        let deadline = Instant::now() + route.time_limit + GRACE;
        let sent = self.connections.send_before(request, deadline).await;
        span::sent(span, sent.as_ref());
        match sent {
            Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                self.open_tunnel(response, handshake)
            }
            Ok(response) => Ok(passed_on(response)),
            Err(_) if overrun.happened() => Err(ApiError::too_large(route.body_limit)),
            Err(error) => Err(self.refusal(error)),
        }
    }

    /// Writes what only the gateway may write, over whatever stands there.
    fn introduce(&self, parts: &mut Parts, verified: Option<&Verified>) {
        let headers = &mut parts.headers;
        // The target's own name is filled in by its connection; the client's stands in `X-Forwarded-Host`.
        headers.remove(HOST);
        if self.authorization == Authorization::Withheld {
            headers.remove(AUTHORIZATION);
        }
        if let Some(RequestId(id)) = parts.extensions.get()
            && let Ok(id) = HeaderValue::from_str(id)
        {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(trace) = parts.extensions.get::<TraceParent>()
            && let Ok(trace) = HeaderValue::from_str(&trace.to_string())
        {
            headers.insert(TRACEPARENT, trace);
        }
        if let Some(Verified(principal)) = verified {
            name_user(headers, principal);
        }
        if let Some(key) = &self.internal_key {
            headers.insert(INTERNAL_KEY, key.clone());
        }
    }

    /// Joins both connections to a tunnel. An answer to what nobody asked is one that nobody can read on.
    fn open_tunnel(
        &self,
        mut response: Response<Incoming>,
        handshake: Option<Handshake>,
    ) -> Result<Response<ReplyBody>, ApiError> {
        match handshake {
            Some(Handshake { client, expected }) if expected.is_in(response.headers()) => {
                let upstream = hyper::upgrade::on(&mut response);
                self.tasks
                    .spawn("gateway.tunnel", upgrade::join(client, upstream));
                let mut reply = passed_on(response);
                upgrade::announce(reply.headers_mut());
                Ok(reply)
            }
            Some(_) | None => Err(self.bad_gateway(UNEXPECTED_UPGRADE)),
        }
    }

    /// What surely was not done may be tried again and is 503; where nobody knows, it is not.
    fn refusal(&self, error: SendError) -> ApiError {
        let display = self.display;
        match error {
            SendError::NotSent(_) => {
                ApiError::unavailable(format!("{display} service unavailable")).with_cause(error)
            }
            SendError::TimedOut => {
                ApiError::gateway_timeout(format!("{display} service did not answer in time"))
                    .with_cause(error)
            }
            SendError::RequestBody(_) => ApiError::incomplete_body(error),
            SendError::Unknown(_) | SendError::AnswerTooLarge => self.bad_gateway(error),
        }
    }

    fn bad_gateway(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
        let message = format!("{} service broke off", self.display);
        ApiError::bad_gateway(message).with_cause(cause)
    }
}

/// The answer as the client gets it: its own end to end, the connection's left out.
fn passed_on(response: Response<Incoming>) -> Response<ReplyBody> {
    let (mut parts, body) = response.into_parts();
    clean_response(&mut parts.headers);
    parts.extensions.clear();
    parts.version = http::Version::HTTP_11;
    Response::from_parts(parts, ReplyBody::Proxied(body))
}

fn name_user(headers: &mut HeaderMap, principal: &Principal) {
    let roles: Vec<&str> = principal.roles.iter().map(Role::as_str).collect();
    let facts = [
        (USER_ID, principal.user_id.to_string()),
        (USERNAME, principal.username.clone()),
        (USER_ROLES, roles.join(",")),
    ];
    for (name, value) in facts {
        // A name with control characters, which no service of ours gives, stays unsaid.
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.insert(name, value);
        }
    }
}

/// The head without what belongs to our own server; the extensions are not for a client's connection.
fn onward(mut parts: Parts) -> Parts {
    parts.extensions.clear();
    parts.version = http::Version::HTTP_11;
    parts
}

fn prefixed(prefix: &str, uri: &Uri) -> Result<Uri, ApiError> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Uri::from_maybe_shared(Bytes::from(format!("{prefix}{target}"))).map_err(ApiError::internal)
}
