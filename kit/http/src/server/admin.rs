//! The admin listener: metrics, liveness and readiness, on a port that is never exposed.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use kit_runtime::Readiness;
use kit_telemetry::Metrics;

use super::{Endpoint, health_reply};
use crate::{ApiError, ReplyBody, RequestBody};

/// Answers `GET /metrics`, `/livez` and `/readyz`.
#[derive(Clone)]
pub struct AdminEndpoint {
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// What `/readyz` shows.
    pub readiness: Readiness,
}

impl Endpoint for AdminEndpoint {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return ApiError::method_not_allowed(Some(HeaderValue::from_static("GET, HEAD"))).into_reply();
        }
        if request.uri().path() == "/metrics" {
            let mut response = Response::new(ReplyBody::from(Bytes::from(self.metrics.encode())));
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            return response;
        }
        let health = health_reply(&self.readiness, request.method(), request.uri()).await;
        health.unwrap_or_else(|| ApiError::not_found("there is nothing at this path").into_reply())
    }
}
