//! Telling another server something, once.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use kit_rpc::pool::{Exchange, Upstream};
use tokio::time::Instant;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer, in bytes; nobody reads it.
const MOST_BYTES: usize = 64 * 1024;

/// Posts JSON with these headers; the status of the answer, where there is one.
pub(crate) async fn post_json(
    server: &Upstream<Full<Bytes>>,
    target: PathAndQuery,
    headers: HeaderMap,
    body: String,
) -> Option<StatusCode> {
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from(target);
    *request.headers_mut() = headers;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    let bounds = Exchange {
        deadline: Instant::now() + PATIENCE,
        most_bytes: MOST_BYTES,
    };
    let answer = server.exchange(request, bounds).await.ok()?;
    Some(answer.status())
}
