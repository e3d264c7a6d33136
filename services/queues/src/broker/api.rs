//! Requests of the management API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, Upstream};
use kit_runtime::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::BrokerError;

/// How long it is waited for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer, in bytes: that of a virtual host with as many queues as a plan may promise.
const MOST_BYTES: usize = 4 * 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) type Server = Upstream<Full<Bytes>>;

/// As whom the management API is used.
pub(crate) struct Access<'a> {
    pub username: &'a str,
    pub password: &'a Secret<String>,
}

/// The management API. A cheap handle.
#[derive(Clone)]
pub(super) struct Api {
    server: Server,
    prefix: String,
    authorization: HeaderValue,
}

impl Api {
    pub(super) fn new(
        server: Server,
        url: &BaseUrl,
        access: &Access<'_>,
    ) -> Result<Self, InvalidHeaderValue> {
        let pair = format!("{}:{}", access.username, access.password.expose());
        let mut authorization = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))?;
        authorization.set_sensitive(true);
        Ok(Self {
            server,
            prefix: url.path_prefix().to_owned(),
            authorization,
        })
    }

    /// Nothing where there is no such thing.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, BrokerError> {
        let answer = self.ask(Method::GET, path, None).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => serde_json::from_slice(answer.body())
                .map(Some)
                .map_err(BrokerError::Unreadable),
            status => Err(BrokerError::Answered(status)),
        }
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Result<(), BrokerError> {
        let answer = self.ask(Method::PUT, path, Some(body)).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(BrokerError::Answered(status)),
        }
    }

    /// What is gone is taken away.
    pub(super) async fn delete(&self, path: &str) -> Result<(), BrokerError> {
        match self.clear(path).await {
            Err(BrokerError::Answered(StatusCode::NOT_FOUND)) => Ok(()),
            cleared => cleared,
        }
    }

    /// Deletes all of a list, which is there also where it is empty.
    pub(super) async fn clear(&self, path: &str) -> Result<(), BrokerError> {
        let answer = self.ask(Method::DELETE, path, None).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(BrokerError::Answered(status)),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Bytes>, BrokerError> {
        let bounds = Exchange {
            deadline: Instant::now() + PATIENCE,
            most_bytes: MOST_BYTES,
        };
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        // Names are made of letters, digits and `-`, so that every path is one.
        *request.uri_mut() = format!("{}{path}", self.prefix).parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, JSON);
        let answered = self.server.exchange(request, bounds).await;
        answered.map_err(|error| {
            if error.is_surely_not_sent() {
                BrokerError::Away(error)
            } else {
                BrokerError::Lost(error)
            }
        })
    }
}
