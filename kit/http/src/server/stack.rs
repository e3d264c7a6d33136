//! The one layer stack: request id, limits of the head, panic, errors, log and metrics. It runs once a
//! request, before a gateway or a service's own port alike.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use kit_runtime::Ids;
use kit_telemetry::{Metrics, Span, TraceParent, Tracer, latency_buckets};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use tokio::time::Instant;
use tracing::Instrument;

use super::span::{begin_span, end_span};
use super::{Endpoint, PeerAddress, RequestId, RouteLabel};
use crate::body::Unread;
use crate::error::ErrorFormat;
use crate::{ApiError, ReplyBody, RequestBody};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");

const MOST_HEADERS: usize = 100;
const MOST_HEADER_BYTES: usize = 32 * 1024;
const LONGEST_TARGET: usize = 8 * 1024;
const LONGEST_REQUEST_ID: usize = 128;

/// How much of a refused body is read and thrown away, so that its sender comes to read the answer.
const MOST_DRAINED: usize = 8 * 1024 * 1024;
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// What every request passes on its way in and out. A cheap handle.
#[derive(Clone)]
pub struct Stack {
    inner: Arc<Inner>,
    tracer: Tracer,
    /// The name of the service whose requests pass here.
    service: &'static str,
}

struct Inner {
    ids: Ids,
    latency: Family<Labels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    service: &'static str,
    operation: &'static str,
    status: u16,
}

/// How many characters a secret of 256 bits has in base64url, at least.
const SECRET_LENGTH: usize = 43;

/// What is known of a request before it is handed on.
struct Head {
    id: RequestId,
    method: Method,
    /// For the log.
    path: String,
    format: ErrorFormat,
    expects_continue: bool,
    started: Instant,
}

impl Stack {
    /// A stack that counts into `metrics`.
    pub fn new(ids: Ids, metrics: &Metrics) -> Self {
        let latency =
            Family::new_with_constructor((|| Histogram::new(latency_buckets())) as fn() -> Histogram);
        let help = "Seconds from a request's head to its answer's, by route and status";
        let latency = metrics.register("http_request_seconds", help, latency);
        Self {
            inner: Arc::new(Inner { ids, latency }),
            tracer: Tracer::off(),
            service: "none",
        }
    }

    /// The same stack, which makes a span of each request of a service.
    #[must_use]
    pub fn traced(&self, tracer: Tracer, service: &'static str) -> Self {
        Self {
            inner: self.inner.clone(),
            tracer,
            service,
        }
    }

    /// Takes one request through the stack.
    pub(crate) async fn answer<E: Endpoint>(
        &self,
        endpoint: &E,
        request: Request<Incoming>,
        peer: PeerAddress,
    ) -> Response<ReplyBody> {
        let head = self.head(&request);
        let (mut request, unread) = open(request);
        let extensions = request.extensions_mut();
        extensions.insert(head.id.clone());
        extensions.insert(peer);
        let (trace, span) = self.trace(&mut request);
        request.extensions_mut().insert(trace);
        // Whatever is logged on the way says whose request it was.
        let log_span = tracing::info_span!("request", id = &*head.id.0, trace = %trace.trace_id());
        let mut response = match check_head(&request) {
            Ok(()) => match AssertUnwindSafe(endpoint.call(request))
                .catch_unwind()
                .instrument(log_span)
                .await
            {
                Ok(response) => response,
                Err(panic) => ApiError::panicked(&*panic).into_reply(),
            },
            Err(refusal) => refusal.into_reply(),
        };
        let error = response.extensions_mut().remove::<ApiError>();
        let route = response.extensions_mut().remove::<RouteLabel>();
        if let Some(error) = &error {
            response = rendered(error, &head, &response);
        }
        self.finish(&head, &mut response, error.as_ref(), route);
        end_span(span, &mut response, route);
        drain(&head, unread, &mut response).await;
        response
    }

    fn head(&self, request: &Request<Incoming>) -> Head {
        let given = request
            .headers()
            .get(&REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        let id = match given.filter(|id| is_request_id(id)) {
            Some(id) => id.to_owned(),
            None => format!("req_{}", self.inner.ids.uuid().simple()),
        };
        Head {
            id: RequestId(id.into()),
            method: request.method().clone(),
            path: loggable(request.uri().path()),
            format: ErrorFormat::requested_by(request.headers()),
            expects_continue: request.headers().contains_key(EXPECT),
            started: Instant::now(),
        }
    }

    /// Which trace a request belongs to, and the step of it that begins here.
    fn trace<B>(&self, request: &mut Request<B>) -> (TraceParent, Span) {
        let given = request.headers().get(&TRACEPARENT);
        let given = given.and_then(|value| value.to_str().ok()?.parse().ok());
        let span = if self.tracer.is_on() {
            begin_span(&self.tracer, self.service, given, request)
        } else {
            Span::unrecorded(given)
        };
        let begun = || TraceParent::start(self.inner.ids.random());
        (span.context().unwrap_or_else(begun), span)
    }

    fn finish(
        &self,
        head: &Head,
        response: &mut Response<ReplyBody>,
        error: Option<&ApiError>,
        route: Option<RouteLabel>,
    ) {
        if let Ok(id) = HeaderValue::from_str(&head.id.0) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
            .headers_mut()
            .insert(CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let route = route.unwrap_or(RouteLabel {
            service: "none",
            operation: "none",
        });
        let (status, took) = (response.status().as_u16(), head.started.elapsed());
        let labels = Labels {
            service: route.service,
            operation: route.operation,
            status,
        };
        self.inner
            .latency
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        let (method, path, request_id) = (&head.method, &head.path, &*head.id.0);
        let (operation, micros) = (
            route.operation,
            u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
        let cause = error.and_then(ApiError::cause).unwrap_or_default();
        // The query is left out: it may carry a ticket.
        if status >= 500 {
            tracing::error!(%method, path, status, micros, operation, request_id, cause, "answered");
        } else {
            tracing::info!(%method, path, status, micros, operation, request_id, cause, "answered");
        }
    }
}

/// A path without what may be a secret in it: each segment that is as long as one is left out. Identifiers are shorter.
fn loggable(path: &str) -> String {
    let segments = path.split('/');
    if segments.clone().all(|segment| segment.len() < SECRET_LENGTH) {
        return path.to_owned();
    }
    let shown = segments.map(|segment| {
        if segment.len() < SECRET_LENGTH {
            segment
        } else {
            "…"
        }
    });
    shown.collect::<Vec<_>>().join("/")
}

fn open(request: Request<Incoming>) -> (Request<RequestBody>, Unread) {
    let (parts, incoming) = request.into_parts();
    let (body, unread) = RequestBody::new(incoming);
    (Request::from_parts(parts, body), unread)
}

/// The error as the client asked for it, with what those on the way out said in headers: a router's `Allow`.
fn rendered(error: &ApiError, head: &Head, bare: &Response<ReplyBody>) -> Response<ReplyBody> {
    let mut response = error.render(head.format, &head.id.0);
    let headers = response.headers_mut();
    for (name, value) in bare.headers() {
        if name != CONTENT_LENGTH && !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    response
}

/// The limits of a head, below hyper's own so that the refusal has our shape.
fn check_head<B>(request: &Request<B>) -> Result<(), ApiError> {
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        let message = "the headers are too many or too large";
        return Err(ApiError::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            message,
        ));
    }
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > LONGEST_TARGET {
        return Err(ApiError::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            "the address is too long",
        ));
    }
    Ok(())
}

/// Reads on what the endpoint left unread, within bounds; past them the connection closes. A client that
/// waits for `100 Continue` has not sent its body and will not.
async fn drain(head: &Head, unread: Unread, response: &mut Response<ReplyBody>) {
    let Some(mut body) = unread.take() else { return };
    let reading = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, bytes::Bytes::len);
            if read > MOST_DRAINED {
                return false;
            }
        }
        true
    };
    let drained = !head.expects_continue && tokio::time::timeout(LONGEST_DRAIN, reading).await == Ok(true);
    if !drained {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn is_request_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !id.is_empty() && id.len() <= LONGEST_REQUEST_ID && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_path_is_not_logged() {
        let token = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF";
        assert_eq!(loggable(&format!("/api/checkout/{token}")), "/api/checkout/…");
        for path in ["/", "/api/orders/ord_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c/events"] {
            assert_eq!(loggable(path), path);
        }
    }
}
