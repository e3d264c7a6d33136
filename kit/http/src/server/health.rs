//! Liveness and readiness over HTTP.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use kit_runtime::Readiness;
use serde_json::json;

use crate::{ApiError, ReplyBody};

/// Answers `/livez` and `/readyz`, the latter with every dependency by name where `?verbose` is asked for
/// or something is wrong; `None` for any other path.
pub async fn health_reply(readiness: &Readiness, method: &Method, uri: &Uri) -> Option<Response<ReplyBody>> {
    let is_read = method == Method::GET || method == Method::HEAD;
    match uri.path() {
        "/livez" | "/readyz" if !is_read => {
            let allow = HeaderValue::from_static("GET, HEAD");
            Some(ApiError::method_not_allowed(Some(allow)).into_reply())
        }
        "/livez" => Some(reply(StatusCode::OK, &json!({ "status": "ok" }))),
        "/readyz" => {
            let report = readiness.report().await;
            let status = if report.ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            let word = if report.ready { "ready" } else { "not ready" };
            let verbose = uri
                .query()
                .is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose")));
            let body = if verbose || !report.ready {
                json!({ "status": word, "draining": report.draining, "checks": report.checks })
            } else {
                json!({ "status": word })
            };
            Some(reply(status, &body))
        }
        _ => None,
    }
}

fn reply(status: StatusCode, body: &serde_json::Value) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::from(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
