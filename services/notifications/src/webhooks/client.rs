//! The way to other people's servers.
//!
//! Every attempt is a connection of its own, to an address that was looked at just before. Redirects are not followed:
//! they could lead anywhere. Of an answer its status counts, and the beginning of its body is kept.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use kit_rpc::pool::{NotPublic, Pool, PoolSettings, Reach, SendError};
use kit_runtime::Tasks;
use tokio::time::{Instant, timeout, timeout_at};

use crate::domain::{AttemptReport, UrlRules, WebhookUrl};

/// How much of an answer is read.
const MOST_BYTES: usize = 4 * 1024;

/// How long it may take to find out where a name leads while an admin waits.
const LOOK_UP_LIMIT: Duration = Duration::from_secs(3);

const AGENT: &str = concat!("stoa-webhooks/", env!("CARGO_PKG_VERSION"));

/// Sends webhooks. A cheap handle.
#[derive(Clone)]
pub(crate) struct WebhookClient {
    pool: Pool<Full<Bytes>>,
    reach: Reach,
    timeout: Duration,
}

impl WebhookClient {
    /// Which waits so long for an answer. Its connections run in `tasks`.
    pub(crate) fn new(rules: UrlRules, timeout: Duration, tasks: &Tasks) -> Self {
        let reach = if rules.allow_private {
            Reach::Anywhere
        } else {
            Reach::Public
        };
        let settings = PoolSettings {
            connect_timeout: timeout,
            reach,
            ..PoolSettings::default()
        };
        Self {
            pool: Pool::new(settings, tasks.clone()),
            reach,
            timeout,
        }
    }

    /// Why nothing is sent to an address, where its name leads into our own network at present. A name that nobody
    /// knows yet may get to be known.
    pub(crate) async fn find_private(&self, url: &WebhookUrl) -> Option<String> {
        let server = url.server();
        let resolving = self.reach.resolve(server.host(), server.port());
        let error = timeout(LOOK_UP_LIMIT, resolving).await.ok()?.err()?;
        let refusal = error.get_ref()?.downcast_ref::<NotPublic>()?;
        Some(format!("must be an address of the public internet: {refusal}"))
    }

    /// Sends a body once.
    pub(crate) async fn post(&self, url: &WebhookUrl, headers: HeaderMap, body: String) -> AttemptReport {
        let (began, deadline) = (Instant::now(), Instant::now() + self.timeout);
        let report = match self.exchange(url, headers, body, deadline).await {
            Ok((status, answer)) => AttemptReport::answered(status.as_u16(), &answer),
            Err(error) => AttemptReport::unanswered(&described(&*error)),
        };
        AttemptReport {
            duration_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
            ..report
        }
    }

    async fn exchange(
        &self,
        url: &WebhookUrl,
        headers: HeaderMap,
        body: String,
        deadline: Instant,
    ) -> Result<(StatusCode, Vec<u8>), Box<dyn std::error::Error + Send + Sync>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(url.target().clone());
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let answer = self
            .pool
            .upstream(url.server())?
            .send_before(request, deadline)
            .await?;
        let status = answer.status();
        Ok((status, beginning(answer.into_body(), deadline).await))
    }
}

/// The beginning of a body, as far as it comes in time; the rest is left where it is.
async fn beginning(mut body: Incoming, deadline: Instant) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < MOST_BYTES {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else {
            break;
        };
        read.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    read.truncate(MOST_BYTES);
    read
}

/// An error with its causes; of one that only says that nothing was sent, the causes.
fn described(error: &(dyn std::error::Error + 'static)) -> String {
    let is_known = matches!(error.downcast_ref(), Some(SendError::NotSent(_)));
    let first = if is_known { error.source() } else { Some(error) };
    let causes = std::iter::successors(first, |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
