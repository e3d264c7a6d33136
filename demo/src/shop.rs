//! The shop as its clients see it: the gateway, over HTTP.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_rpc::RpcPool;
use kit_rpc::pool::{Exchange, PoolSettings, Upstream};
use kit_runtime::{Secret, Tasks};
use serde_json::Value;
use tokio::time::Instant;

/// Longer than the slowest route takes, which is the upload of a picture.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How often a request is sent that the shop has no time for, or that it takes for one of an interrupted run, which it
/// does for half a minute.
const MOST_TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// How long something may take that the shop does by itself.
const PATIENCE: Duration = Duration::from_mins(1);
const FIRST_LOOK: Duration = Duration::from_millis(4);
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Separates the parts of a form; no picture has it in it.
const BOUNDARY: &str = "stoa-demo-4f1c0a7be2d84d59";

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Csv(String),
    /// A picture, and what is to be seen on it.
    Picture {
        file: Vec<u8>,
        alt: String,
    },
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub json: Value,
}

/// A client of the shop. A cheap handle.
#[derive(Clone)]
pub(crate) struct Shop {
    upstream: Upstream<Full<Bytes>>,
    prefix: String,
    token: Option<Secret<String>>,
}

impl Shop {
    /// The shop whose gateway is there.
    pub(crate) fn at(gateway: &BaseUrl, tasks: &Tasks) -> anyhow::Result<Self> {
        let pool = RpcPool::new(PoolSettings::default(), tasks.clone());
        Ok(Self {
            upstream: pool
                .upstream(gateway)
                .context("the gateway's address cannot be used")?,
            prefix: gateway.path_prefix().to_owned(),
            token: None,
        })
    }

    /// The same, for somebody who has signed in.
    pub(crate) fn with_token(&self, token: Secret<String>) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.send(Method::GET, path, Body::Empty, None).await?.json)
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.send(Method::PUT, path, Body::Json(body), None).await?;
        Ok(answer.json)
    }

    /// With an idempotency key, under which it is done once however often it is sent.
    pub(crate) async fn post(&self, path: &str, key: &str, body: Body) -> anyhow::Result<Value> {
        let headers = [("idempotency-key", key)];
        let answer = self.request(Method::POST, path, &body, &headers).await?;
        Ok(answer.accepted(path)?.json)
    }

    /// Whatever it answers.
    pub(crate) async fn try_post(&self, path: &str, key: &str, body: Body) -> anyhow::Result<Answer> {
        let headers = [("idempotency-key", key)];
        self.request(Method::POST, path, &body, &headers).await
    }

    /// Under the condition that what is changed has this tag.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        if_match: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let headers: Vec<_> = if_match.map(|tag| (IF_MATCH.as_str(), tag)).into_iter().collect();
        self.request(method, path, &body, &headers).await?.accepted(path)
    }

    /// Asks until it is so, for a minute at most.
    pub(crate) async fn wait_until(
        &self,
        what: &str,
        path: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let (deadline, mut pause) = (Instant::now() + PATIENCE, FIRST_LOOK);
        loop {
            let seen = self.get(path).await?;
            if is_so(&seen) {
                return Ok(seen);
            }
            if Instant::now() >= deadline {
                bail!("in a minute it did not come to it that {what}: {seen}");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
    }

    /// Sends until it is neither too much for the shop nor too early, nor held back by what an interrupted run has sent:
    /// then surely nothing was done.
    async fn request(
        &self,
        method: Method,
        path: &str,
        body: &Body,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let mut tries = 0;
        loop {
            let request = self.build(method.clone(), path, body.clone(), headers)?;
            let bounds = Exchange {
                deadline: Instant::now() + ANSWER_LIMIT,
                most_bytes: MOST_BYTES,
            };
            let answered = self.upstream.exchange(request, bounds).await;
            let answered = answered.with_context(|| format!("{method} {path}"))?;
            let (head, bytes) = answered.into_parts();
            let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let is_busy = match head.status {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
                StatusCode::CONFLICT => json["code"] == "still_running",
                _ => false,
            };
            if is_busy && tries < MOST_TRIES {
                tries += 1;
                tokio::time::sleep(retry_after(&head.headers)).await;
                continue;
            }
            let etag = head.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
            return Ok(Answer {
                status: head.status,
                etag: etag.map(str::to_owned),
                json,
            });
        }
    }

    fn build(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/api{path}", self.prefix));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (media_type, bytes) = match body {
            Body::Empty => return Ok(request.body(Full::default())?),
            Body::Json(json) => ("application/json".to_owned(), json.to_string().into_bytes()),
            Body::Csv(table) => ("text/csv".to_owned(), table.into_bytes()),
            Body::Picture { file, alt } => (
                format!("multipart/form-data; boundary={BOUNDARY}"),
                form(&file, &alt),
            ),
        };
        let request = request.header(CONTENT_TYPE, media_type);
        Ok(request.body(Full::from(bytes))?)
    }
}

impl Answer {
    /// What was answered, where it is no refusal.
    fn accepted(self, path: &str) -> anyhow::Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        bail!("{path} was answered {}: {}", self.status.as_u16(), self.json);
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs)
}

/// `multipart/form-data` (RFC 7578).
fn form(file: &[u8], alt: &str) -> Vec<u8> {
    let part = |name: &str, more: &str| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
    };
    let mut bytes = part("alt", "").into_bytes();
    bytes.extend(alt.as_bytes());
    bytes.extend(b"\r\n");
    bytes.extend(part("file", "; filename=\"picture.png\"").into_bytes());
    bytes.extend(file);
    bytes.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    bytes
}
