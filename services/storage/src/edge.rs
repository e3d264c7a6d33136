//! The socket at which the embedded object store answers clients of S3.
//!
//! It is served by the same server as everything else, with the same limits of a head, identifiers and log, in which
//! the query is left out, and so the signature of an address. Bodies are neither limited nor held: the quota says how
//! much is taken. What is added here is CORS for pages of the platform's own origin, so that a browser can read and
//! write by signed addresses, and the count of requests.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use kit_config::BaseUrl;
use kit_http::server::span::method_name;
use kit_http::server::{Endpoint, RouteLabel};
use kit_http::{ReplyBody, RequestBody};
use kit_telemetry::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

const LABEL: RouteLabel = RouteLabel {
    service: "storage",
    operation: "s3",
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE");

/// Seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What pages may read beside what every page may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-disposition, content-encoding, content-length, content-range, etag, x-amz-request-id, \
     x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, x-amz-checksum-sha1, \
     x-amz-checksum-sha256, x-request-id",
);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    status: u16,
}

/// How many requests there were; a cheap handle.
#[derive(Clone)]
pub(crate) struct S3Requests(Family<RequestLabels, Counter>);

impl S3Requests {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let help = "Requests of clients of S3, by method and status";
        Self(metrics.register("storage_s3_requests", help, Family::default()))
    }
}

/// An object store's endpoint, open to pages of one origin.
pub(crate) struct S3Edge<E> {
    endpoint: E,
    origin: String,
    requests: S3Requests,
}

impl<E: Endpoint> S3Edge<E> {
    /// Open to pages of the origin of `public`.
    pub(crate) fn new(endpoint: E, public: &BaseUrl, requests: S3Requests) -> Self {
        let url = public.as_str();
        let origin = url.strip_suffix(public.path_prefix()).unwrap_or(url).to_owned();
        Self {
            endpoint,
            origin,
            requests,
        }
    }

    fn is_own(&self, headers: &HeaderMap) -> bool {
        headers
            .get(ORIGIN)
            .is_some_and(|origin| origin.as_bytes() == self.origin.as_bytes())
    }

    fn allow(&self, headers: &mut HeaderMap) {
        if let Ok(origin) = HeaderValue::from_str(&self.origin) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

impl<E: Endpoint> Endpoint for S3Edge<E> {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        let (is_own, method) = (self.is_own(request.headers()), method_name(request.method()));
        let mut response = match is_own.then(|| preflight(&request)).flatten() {
            Some(answer) => answer,
            None => self.endpoint.call(request).await,
        };
        if is_own {
            self.allow(response.headers_mut());
        }
        // A cache must not give one origin what was answered to another.
        response
            .headers_mut()
            .append(VARY, HeaderValue::from_static("origin"));
        response.extensions_mut().insert(LABEL);
        let status = response.status().as_u16();
        self.requests
            .0
            .get_or_create(&RequestLabels { method, status })
            .inc();
        response
    }
}

/// The answer to a browser that asks whether a page may send a request (Fetch, 3.3.2). What is sent then is signed, so
/// that every header may be.
fn preflight<B>(request: &Request<B>) -> Option<Response<ReplyBody>> {
    let headers = request.headers();
    if *request.method() != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = response.headers_mut();
    allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    allowed.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    Some(response)
}
