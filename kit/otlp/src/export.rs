//! The one task that gathers spans and sends them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use kit_rpc::pool::{Exchange, Pool, PoolSettings, SendError, TrustError, Upstream};
use kit_runtime::Lifecycle;
use kit_telemetry::{SpanCounts, SpanData, SpanOutcome, SpanQueue};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::encode::encode;
use crate::{ExportSettings, Resource};

/// After so long spans that cannot be delivered are given up.
pub const GIVE_UP: Duration = Duration::from_mins(1);

/// Spans in one document.
const MOST_SPANS: usize = 512;
/// A collector has nothing to say that is longer.
const MOST_ANSWER_BYTES: usize = 64 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Exports spans until it is stopped.
#[derive(Debug)]
pub struct Exporter {
    /// Of its own: it outlives everything that makes spans.
    lifecycle: Lifecycle,
    stop: CancellationToken,
    ended: oneshot::Receiver<()>,
}

struct Export {
    settings: ExportSettings,
    resource: Resource,
    collector: Upstream<Full<Bytes>>,
    path: String,
    queue: SpanQueue,
    counts: SpanCounts,
    stop: CancellationToken,
    /// The collector did not take what it was sent last.
    is_failing: bool,
}

/// Why a batch was not taken.
enum Refusal {
    /// It may be taken later; perhaps the collector says when.
    Later(String, Option<Duration>),
    Never(String),
}

/// What a collector says that took something.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Taken {
    partial_success: Partial,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Partial {
    rejected_spans: Count,
    error_message: String,
}

/// The protocol writes such numbers as texts; not every collector does.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Text(String),
    Number(u64),
}

impl Default for Count {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Exporter {
    /// Exports what comes by the queue. Must be called in a tokio runtime.
    pub fn start(
        settings: ExportSettings,
        resource: Resource,
        queue: SpanQueue,
        counts: SpanCounts,
    ) -> Result<Self, TrustError> {
        let lifecycle = Lifecycle::new();
        let pool = Pool::new(
            PoolSettings {
                trust: settings.trust.clone(),
                max_idle_per_host: 1,
                ..PoolSettings::default()
            },
            lifecycle.tasks(),
        );
        let stop = CancellationToken::new();
        let export = Export {
            collector: pool.upstream(&settings.endpoint)?,
            path: format!("{}/v1/traces", settings.endpoint.path_prefix()),
            settings,
            resource,
            queue,
            counts,
            stop: stop.clone(),
            is_failing: false,
        };
        let (end, ended) = oneshot::channel();
        lifecycle.tasks().spawn("otlp.export", async move {
            export.run().await;
            // Whoever waited for it may have lost patience.
            let _ = end.send(());
        });
        Ok(Self {
            lifecycle,
            stop,
            ended,
        })
    }

    /// Sends what is left, for at most so long. To be called when nothing makes spans any more.
    pub async fn stop(self, limit: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(limit, self.ended).await.is_err() {
            tracing::warn!("the last spans were not exported in time");
        }
        self.lifecycle.end().await;
    }
}

impl Export {
    async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.deliver(&batch).await;
        }
    }

    /// The next spans: as many as go into a document, or fewer when the first of them has waited long enough.
    /// None when there will never be any more.
    async fn gather(&mut self) -> Vec<SpanData> {
        let mut batch = Vec::new();
        let mut due = None;
        while batch.len() < MOST_SPANS {
            let late = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let room = MOST_SPANS - batch.len();
            tokio::select! {
                () = self.stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                () = late => break,
                taken = self.queue.recv_many(&mut batch, room) => {
                    if taken == 0 {
                        break;
                    }
                    due.get_or_insert_with(|| Instant::now() + self.settings.interval);
                }
            }
        }
        batch
    }

    async fn deliver(&mut self, batch: &[SpanData]) {
        let spans = batch.len() as u64;
        let body = match encode(&self.resource, batch) {
            Ok(body) => Bytes::from(body),
            Err(error) => return self.drop_spans(spans, &error.to_string()),
        };
        let give_up = Instant::now() + GIVE_UP;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.send(body.clone()).await {
                Ok(taken) => return self.note(spans, &taken),
                Err(Refusal::Never(reason)) => return self.drop_spans(spans, &reason),
                Err(Refusal::Later(reason, retry_after)) => {
                    let wait = retry_after.unwrap_or(pause);
                    if self.stop.is_cancelled() || Instant::now() + wait > give_up {
                        return self.drop_spans(spans, &reason);
                    }
                    self.log_failure(&reason);
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        // Once more, and then there is no time for more.
                        () = self.stop.cancelled() => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn send(&self, body: Bytes) -> Result<Taken, Refusal> {
        let bounds = Exchange {
            deadline: Instant::now() + self.settings.time_limit,
            most_bytes: MOST_ANSWER_BYTES,
        };
        let request = self
            .request(body)
            .map_err(|error| Refusal::Never(error.to_string()))?;
        match self.collector.exchange(request, bounds).await {
            Ok(answer) => read(&answer),
            Err(SendError::AnswerTooLarge) => Ok(Taken::default()),
            Err(error) => Err(Refusal::Later(whole(&error), None)),
        }
    }

    fn request(&self, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        let mut request = Request::post(&self.path)
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .body(Full::from(body))?;
        for (name, value) in &self.settings.headers.0 {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    fn note(&mut self, spans: u64, taken: &Taken) {
        let Partial {
            rejected_spans,
            error_message,
        } = &taken.partial_success;
        let rejected = match rejected_spans {
            Count::Text(text) => text.parse().unwrap_or(0),
            Count::Number(number) => *number,
        };
        let rejected = rejected.min(spans);
        self.counts.add(SpanOutcome::Exported, spans - rejected);
        if rejected > 0 {
            self.counts.add(SpanOutcome::Rejected, rejected);
            tracing::warn!(
                spans = rejected,
                reason = error_message,
                "the collector refused spans"
            );
        }
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the collector takes spans again");
        }
    }

    fn drop_spans(&mut self, spans: u64, reason: &str) {
        self.log_failure(reason);
        self.counts.add(SpanOutcome::Failed, spans);
    }

    /// Says it once, until spans are taken again.
    fn log_failure(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let endpoint = self.settings.endpoint.as_str();
            tracing::warn!(endpoint, reason, "the collector does not take spans");
        }
    }
}

fn read(answer: &Response<Bytes>) -> Result<Taken, Refusal> {
    let status = answer.status();
    let reason = || format!("the collector answered {status}");
    match status {
        // What cannot be read says nothing of refusals.
        status if status.is_success() => Ok(serde_json::from_slice(answer.body()).unwrap_or_default()),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let retry_after = answer.headers().get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            Err(Refusal::Later(
                reason(),
                retry_after.map(|seconds: u32| Duration::from_secs(seconds.into())),
            ))
        }
        _ => Err(Refusal::Never(reason())),
    }
}

/// An error and what led to it.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
