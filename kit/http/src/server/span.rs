//! What a request's span records, by OpenTelemetry's stable conventions for HTTP.
//!
//! The query is left out: it may carry a ticket. Requests for health get no span, nor do those that services
//! make of each other on their own account: both come for ever, many times a minute, and belong to no trace.

use http::header::USER_AGENT;
use http::{Method, Request, Response, Uri};
use kit_telemetry::{Recording, Span, SpanKind, TraceParent, Tracer};

use super::{PeerAddress, RouteLabel, RoutePattern};

/// Asked for by orchestrators and load balancers.
const HEALTH: [&str; 3] = ["/livez", "/readyz", "/health"];
const INTERNAL: &str = "/internal/";

/// What the conventions call any other method.
const OTHER: &str = "_OTHER";

/// Begins the step of a trace that a request is. Where it is recorded, its tracer is among the request's
/// extensions.
pub(super) fn begin_span<B>(
    tracer: &Tracer,
    service: &'static str,
    given: Option<TraceParent>,
    request: &mut Request<B>,
) -> Span {
    let path = request.uri().path();
    if given.is_none() && (HEALTH.contains(&path) || path.starts_with(INTERNAL)) {
        return Span::default();
    }
    let mut span = tracer.begin(SpanKind::Server, Some(service), given);
    span.record(|recording| {
        record_request(recording, request.method(), request.uri());
        record_sender(recording, request);
    });
    if let Some(tracer) = span.tracer() {
        request.extensions_mut().insert(tracer.clone());
    }
    if given.is_none() {
        // It says more about a trace that this request is not part of.
        request.headers_mut().remove("tracestate");
    }
    span
}

/// Records in a server's span what is asked for.
pub fn record_request(recording: &mut Recording, method: &Method, uri: &Uri) {
    let known = method_name(method);
    recording
        .name(known)
        .set("http.request.method", known)
        .set("url.scheme", "http")
        .set("url.path", uri.path().to_owned());
    if known == OTHER {
        recording.set("http.request.method_original", method.as_str().to_owned());
    }
}

fn record_sender<B>(recording: &mut Recording, request: &Request<B>) {
    let agent = request.headers().get(USER_AGENT);
    if let Some(agent) = agent.and_then(|value| value.to_str().ok()) {
        recording.set("user_agent.original", agent.to_owned());
    }
    if let Some(PeerAddress(peer)) = request.extensions().get() {
        recording
            .set("network.peer.address", peer.ip().to_string())
            .set("network.peer.port", peer.port());
    }
}

/// The method where it is one that is known, so that nobody can make up names of spans.
pub fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or(OTHER)
}

/// Ends the step of a request with its answer's head.
pub(super) fn end_span<B>(mut span: Span, response: &mut Response<B>, route: Option<RouteLabel>) {
    record_response(&mut span, response, route);
    span.end();
}

/// Records in a server's span what was answered: the route by its pattern and operation, and the status, of which
/// only a 5xx is a failure of ours.
pub fn record_response<B>(span: &mut Span, response: &mut Response<B>, route: Option<RouteLabel>) {
    let status = response.status();
    span.record(|recording| {
        let pattern = response.extensions_mut().remove::<RoutePattern>();
        if let Some(RoutePattern(pattern)) = pattern {
            recording.route(pattern);
        }
        if let Some(RouteLabel { operation, .. }) = route {
            recording.set("stoa.operation", operation);
        }
        recording.set("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            let reason = status.canonical_reason().unwrap_or_default();
            recording.fail(status.as_str().to_owned(), reason);
        }
    });
}
