//! Requests that are signed, with limits on time and size, and what is made of the answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, Pool, PoolSettings, SendError, TrustError, Upstream};
use kit_runtime::{Clock, Ids, Secret, Tasks};
use serde::Deserialize;
use thiserror::Error;
use tokio::time::Instant;

use crate::sealing::Sealing;
use crate::signature::{Signed, Signer, basic, encoded_path, encoded_query, hash_of};

/// The largest answer, in bytes: all users of a large server.
const LARGEST: usize = 64 * 1024 * 1024;

/// Where a MinIO is, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct MinIoSettings {
    /// Scheme, host and port.
    pub endpoint: BaseUrl,
    /// The server's region.
    pub region: String,
    /// The user.
    pub access_key: String,
    /// And its secret.
    pub secret_key: Secret<String>,
    /// How long a request may take.
    pub time_limit: Duration,
}

/// What the process gives it.
#[derive(Clone)]
pub struct MinIoDeps {
    /// Where connections run.
    pub tasks: Tasks,
    /// What requests are dated by.
    pub clock: Clock,
    /// What salts and nonces are made of.
    pub ids: Ids,
}

/// Why something is not done, or not known. No secret is in it.
#[derive(Debug, Error)]
pub enum MinIoError {
    /// Surely not done: it is not reached, or says that it cannot now.
    #[error("MinIO is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may be done: the answer did not come.
    #[error("MinIO did not answer `{operation}`")]
    Unanswered {
        /// What was asked.
        operation: &'static str,
        /// What became of the request.
        #[source]
        cause: SendError,
    },
    /// It was refused.
    #[error("MinIO refuses `{operation}` with {status} `{code}`")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// The status of the answer.
        status: u16,
        /// The error code of S3 or of the admin API.
        code: String,
    },
    /// The answer is not what it should be.
    #[error("MinIO's answer to `{0}` cannot be read")]
    Unreadable(&'static str),
}

impl MinIoError {
    /// Whether it was refused with an error code.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

/// Why there is no client.
#[derive(Debug, Error)]
pub enum MinIoStartError {
    /// No certificates can be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No thread can be started.
    #[error("no thread can be started")]
    Thread(#[from] std::io::Error),
}

/// A client of MinIO, as one user. A cheap handle.
#[derive(Clone)]
pub struct MinIo(Arc<Inner>);

struct Inner {
    server: Upstream<Full<Bytes>>,
    host: String,
    signer: Signer,
    sealing: Sealing,
    clock: Clock,
    ids: Ids,
    time_limit: Duration,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    /// For the log.
    pub operation: &'static str,
    pub method: Method,
    /// Not encoded.
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    /// One more that is signed; its name sorts between `host` and `x-amz-content-sha256`.
    pub header: Option<(&'static str, &'a str)>,
    pub body: Bytes,
}

impl MinIo {
    /// A client; nobody is asked anything yet. Must be called in a tokio runtime.
    pub fn new(settings: MinIoSettings, deps: MinIoDeps) -> Result<Self, MinIoStartError> {
        let pool = Pool::new(PoolSettings::default(), deps.tasks);
        let inner = Inner {
            server: pool.upstream(&settings.endpoint)?,
            host: settings.endpoint.authority().to_owned(),
            sealing: Sealing::start(settings.secret_key.clone())?,
            signer: Signer {
                access_key: settings.access_key,
                secret_key: settings.secret_key,
                region: settings.region,
            },
            clock: deps.clock,
            ids: deps.ids,
            time_limit: settings.time_limit,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Sends a request; the body of an answer that says that it is done.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<Bytes, MinIoError> {
        let (operation, is_read) = (ask.operation, ask.method == Method::GET);
        let request = self.request(ask)?;
        let bounds = Exchange {
            deadline: Instant::now() + self.0.time_limit,
            most_bytes: LARGEST,
        };
        let answer = self.0.server.exchange(request, bounds).await;
        let answer = answer.map_err(|cause| {
            // What was only read is not done in any case.
            if is_read || cause.is_surely_not_sent() {
                MinIoError::Unavailable(cause.into())
            } else {
                MinIoError::Unanswered { operation, cause }
            }
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.into_body());
        }
        let refused = MinIoError::Refused {
            operation,
            status: status.as_u16(),
            code: code_of(answer.body()),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(MinIoError::Unavailable(refused.into()));
        }
        Err(refused)
    }

    fn request(&self, ask: Ask<'_>) -> Result<Request<Full<Bytes>>, MinIoError> {
        let (path, query) = (encoded_path(ask.path), encoded_query(ask.query));
        let (moment, body_hash) = (basic(self.0.clock.now()), hash_of(&ask.body));
        let mut headers = vec![("host", self.0.host.as_str())];
        headers.extend(ask.header);
        headers.push(("x-amz-content-sha256", &body_hash));
        headers.push(("x-amz-date", &moment));
        let authorization = self.0.signer.authorization(&Signed {
            method: ask.method.as_str(),
            path: &path,
            query: &query,
            headers: &headers,
            body_hash: &body_hash,
            moment: &moment,
        });
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut request = Request::builder().method(ask.method).uri(target);
        for (name, value) in &headers[1..] {
            request = request.header(*name, *value);
        }
        request
            .header(HOST, &self.0.host)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_LENGTH, ask.body.len())
            // Some of the admin API takes no other.
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(ask.body))
            .map_err(|_| MinIoError::Unreadable(ask.operation))
    }

    /// A body that only the server can read.
    pub(crate) fn seal(&self, operation: &'static str, plain: &[u8]) -> Result<Bytes, MinIoError> {
        let random = (self.0.ids.random(), self.0.ids.random());
        let sealed = self.0.sealing.seal(plain, random);
        Ok(sealed.map_err(|_| MinIoError::Unreadable(operation))?.into())
    }

    /// What the server has sealed.
    pub(crate) async fn open(&self, operation: &'static str, sealed: &[u8]) -> Result<Vec<u8>, MinIoError> {
        let opened = self.0.sealing.open(sealed).await;
        opened.map_err(|_| MinIoError::Unreadable(operation))
    }
}

/// The error code of an answer: JSON from the admin API, XML from S3.
fn code_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct ErrorBody {
        code: String,
    }
    let text = String::from_utf8_lossy(body);
    let read: Option<ErrorBody> = if text.starts_with('{') {
        serde_json::from_str(&text).ok()
    } else {
        quick_xml::de::from_str(&text).ok()
    };
    read.map_or_else(|| "unknown".to_owned(), |error| error.code)
}
