//! The way to an adapter: its routes in this process, or HTTP.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, SendError, TrustError, Upstream};
use kit_rpc::{Deadline, INTERNAL_KEY, InternalKeys, RpcPool};
use serde_json::Value;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::AdapterFault;
use crate::AdapterCredentials;
use crate::wire::{SPOKEN, VERSION};

/// The largest answer, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an adapter answered.
pub(super) struct Answer {
    pub status: StatusCode,
    /// Whether it says when to come again.
    pub says_when: bool,
    pub body: Bytes,
}

/// Where the adapter is, and how it knows who calls. A cheap handle.
#[derive(Clone)]
pub(super) struct Transport {
    to: Destination,
    access: Access,
}

#[derive(Clone)]
enum Destination {
    Here(Router),
    There {
        server: Upstream<Full<Bytes>>,
        prefix: String,
    },
}

#[derive(Clone)]
enum Access {
    Internal(InternalKeys),
    Basic(Option<HeaderValue>),
}

impl Transport {
    pub(super) fn local(routes: Router, keys: InternalKeys) -> Self {
        Self {
            to: Destination::Here(routes),
            access: Access::Internal(keys),
        }
    }

    pub(super) fn of_peer(pool: &RpcPool, address: &BaseUrl, keys: InternalKeys) -> Result<Self, TrustError> {
        Ok(Self {
            to: Destination::to(pool, address)?,
            access: Access::Internal(keys),
        })
    }

    pub(super) fn foreign(
        pool: &RpcPool,
        address: &BaseUrl,
        credentials: &AdapterCredentials,
    ) -> Result<Self, TrustError> {
        Ok(Self {
            to: Destination::to(pool, address)?,
            access: Access::Basic(credentials.to_header()),
        })
    }

    pub(super) async fn call(
        &self,
        (method, path): (Method, String),
        body: Option<Value>,
        deadline: Deadline,
    ) -> Result<Answer, AdapterFault> {
        let headers = self.headers(body.is_some());
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let ends_at = Instant::now() + deadline.remaining();
        match &self.to {
            Destination::Here(routes) => {
                let request = request((method, path), headers, Body::from(body))?;
                let asking = answer_of(routes.clone(), request);
                let answered = tokio::time::timeout_at(ends_at, asking).await;
                answered.unwrap_or_else(|_| Err(AdapterFault::Unknown("no answer in time".to_owned())))
            }
            Destination::There { server, prefix } => {
                let request = request((method, format!("{prefix}{path}")), headers, Full::new(body))?;
                let bounds = Exchange {
                    deadline: ends_at,
                    most_bytes: MOST_BYTES,
                };
                let answered = server
                    .exchange(request, bounds)
                    .await
                    .map_err(|error| fault(&error));
                answered.map(|answer| Answer::of(answer.status(), answer.headers(), answer.body().clone()))
            }
        }
    }

    fn headers(&self, has_body: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION, SPOKEN);
        headers.insert(ACCEPT, JSON);
        if has_body {
            headers.insert(CONTENT_TYPE, JSON);
        }
        match &self.access {
            Access::Internal(keys) => drop(headers.insert(INTERNAL_KEY, keys.to_send())),
            Access::Basic(Some(value)) => drop(headers.insert(AUTHORIZATION, value.clone())),
            Access::Basic(None) => {}
        }
        headers
    }
}

impl Destination {
    fn to(pool: &RpcPool, address: &BaseUrl) -> Result<Self, TrustError> {
        Ok(Self::There {
            server: pool.upstream(address)?,
            prefix: address.path_prefix().to_owned(),
        })
    }
}

impl Answer {
    fn of(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            says_when: headers.contains_key(RETRY_AFTER),
            body,
        }
    }
}

fn request<B>(
    (method, path): (Method, String),
    headers: HeaderMap,
    body: B,
) -> Result<Request<B>, AdapterFault> {
    let built = Request::builder().method(method).uri(path).body(body);
    let mut request = built.map_err(|error| AdapterFault::Refused {
        status: StatusCode::BAD_REQUEST.as_u16(),
        description: error.to_string(),
    })?;
    *request.headers_mut() = headers;
    Ok(request)
}

async fn answer_of(routes: Router, request: Request<Body>) -> Result<Answer, AdapterFault> {
    // A router cannot fail.
    let Ok(response): Result<Response<Body>, _> = routes.oneshot(request).await;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await;
    let body = body.map_err(|error| AdapterFault::Unknown(error.to_string()))?;
    Ok(Answer::of(head.status, &head.headers, body.to_bytes()))
}

fn fault(error: &SendError) -> AdapterFault {
    if error.is_surely_not_sent() {
        AdapterFault::NotNow(error.to_string())
    } else {
        AdapterFault::Unknown(error.to_string())
    }
}
