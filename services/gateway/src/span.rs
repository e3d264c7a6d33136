//! The spans of forwarded requests.
//!
//! A service in this process gets a step of its own as if it stood behind a socket, so that a trace reads the
//! same wherever the service runs, but for the call in between.

use http::Response;
use http::request::Parts;
use kit_config::BaseUrl;
use kit_http::server::RouteLabel;
use kit_http::server::span::{method_name, record_request, record_response};
use kit_rpc::pool::SendError;
use kit_telemetry::{Span, SpanKind, TraceParent, Tracer};

use crate::table::PublicRoute;

/// Whose calls these are.
const GATEWAY: &str = "gateway";

/// The step of a service in this process.
pub(crate) fn begin_hosted(parts: &mut Parts, route: &PublicRoute) -> Span {
    let mut span = begin(parts, SpanKind::Server, route.label.service);
    span.record(|recording| record_request(recording, &parts.method, &parts.uri));
    span
}

/// The answer of a service in this process. An error has its status before it has its body.
pub(crate) fn answered<B>(span: &mut Span, response: &mut Response<B>) {
    if span.is_recorded() {
        let route = response.extensions().get::<RouteLabel>().copied();
        record_response(span, response, route);
    }
}

/// The call of another process.
pub(crate) fn begin_call(parts: &mut Parts, route: &PublicRoute, address: &BaseUrl) -> Span {
    let mut span = begin(parts, SpanKind::Client, GATEWAY);
    span.record(|recording| {
        let (method, path) = (method_name(&parts.method), parts.uri.path());
        let (scheme, authority) = (
            if address.is_https() { "https" } else { "http" },
            address.authority(),
        );
        recording
            .name(format!("{method} {}", route.pattern))
            .set("http.request.method", method)
            .set("server.address", address.host().to_owned())
            .set("server.port", address.port())
            // Without the query, as everywhere.
            .set("url.full", format!("{scheme}://{authority}{path}"));
    });
    span
}

/// How the call ended. To the caller every refusal is a failure, as the conventions want it.
pub(crate) fn sent<B>(mut span: Span, sent: Result<&Response<B>, &SendError>) {
    span.record(|recording| match sent {
        Ok(response) => {
            let status = response.status();
            recording.set("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                recording.fail(
                    status.as_str().to_owned(),
                    status.canonical_reason().unwrap_or_default(),
                );
            }
        }
        Err(error) => recording.fail(error.kind(), error.to_string()),
    });
    span.end();
}

/// What comes next belongs to the new step.
fn begin(parts: &mut Parts, kind: SpanKind, service: &'static str) -> Span {
    let Some(tracer) = parts.extensions.get::<Tracer>() else {
        return Span::default();
    };
    let span = tracer.follow(
        kind,
        Some(service),
        parts.extensions.get::<TraceParent>().copied(),
    );
    if let Some(context) = span.context() {
        parts.extensions.insert(context);
    }
    span
}
