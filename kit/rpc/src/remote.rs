//! The near end of a call that leaves as bytes: over HTTP to a peer, or around the corner in a test.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_telemetry::{Span, SpanKind, Tracer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::Instrument;

use crate::keys::{INTERNAL_KEY, InternalKeys};
use crate::method::Method;
use crate::pool::{BoxError, Exchange, Pool, SendError, TrustError, Upstream};
use crate::serve::{Dispatch, is_json, path_of};
use crate::wire::encode_call;
use crate::{CallContext, CallError, Fault};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The largest answer, in bytes.
const MOST_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// The pool that calls between services share.
pub type RpcPool = Pool<Full<Bytes>>;

/// A process that hosts a service. A cheap handle.
#[derive(Clone, Debug)]
pub struct Remote {
    upstream: Upstream<Full<Bytes>>,
    address: BaseUrl,
    keys: InternalKeys,
    tracer: Tracer,
}

impl Remote {
    /// The peer at an address, which accepts one of `keys`.
    pub fn new(pool: &RpcPool, address: &BaseUrl, keys: InternalKeys) -> Result<Self, TrustError> {
        Ok(Self {
            upstream: pool.upstream(address)?,
            address: address.clone(),
            keys,
            tracer: Tracer::off(),
        })
    }

    /// The same peer; calls of it that belong to a trace are steps of it.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    fn step(&self, method: &Method, call: &CallContext) -> Span {
        let mut step = self.tracer.follow(SpanKind::Client, None, call.trace());
        step.record(|recording| {
            let path = format!("{}{}", path_of(method.service), method.name);
            recording
                .name(format!("POST {path}"))
                .set("http.request.method", "POST")
                .set("server.address", self.address.host().to_owned())
                .set("server.port", self.address.port())
                .set("url.full", self.address.join(&path));
        });
        step
    }

    async fn exchange(&self, method: &Method, call: &CallContext, body: Vec<u8>) -> Result<Bytes, Failure> {
        let request = self
            .request(method, call, body)
            .map_err(|error| Failure::defect(error.into()))?;
        let bounds = Exchange {
            deadline: call.deadline().instant(),
            most_bytes: MOST_ANSWER_BYTES,
        };
        let response = self.upstream.exchange(request, bounds).await?;
        read_answer(response)
    }

    fn request(
        &self,
        method: &Method,
        call: &CallContext,
        body: Vec<u8>,
    ) -> http::Result<Request<Full<Bytes>>> {
        let path = format!(
            "{}{}{}",
            self.address.path_prefix(),
            path_of(method.service),
            method.name
        );
        let mut request = Request::post(path)
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .header(INTERNAL_KEY, self.keys.to_send());
        // Also in the body; here for the peer's request log, and whatever stands in between.
        if let Some(id) = call.request_id() {
            request = request.header(REQUEST_ID, &**id);
        }
        if let Some(trace) = call.trace() {
            request = request.header(TRACEPARENT, trace.to_string());
        }
        request.body(Full::from(body))
    }
}

/// Where the bytes of a call go.
#[derive(Clone)]
pub enum Transport {
    /// To the same process, for tests of what the codec does.
    Loopback(Arc<dyn Dispatch>),
    /// To a peer.
    Http(Remote),
}

impl Transport {
    /// Encodes a call, has it answered, decodes the answer.
    pub async fn call<R, T, E>(
        &self,
        method: &Method,
        call: &CallContext,
        request: R,
    ) -> Result<T, CallError<E>>
    where
        R: Serialize,
        T: DeserializeOwned,
        E: DeserializeOwned,
    {
        let Method { service, name, .. } = method;
        let request_id = call.request_id().map(|id| tracing::field::display(id.clone()));
        let outcome = tracing::field::Empty;
        let span = tracing::info_span!("rpc_call", service, method = name, request_id, outcome);
        let started = Instant::now();
        let mut step = match self {
            Self::Http(remote) => remote.step(method, call),
            Self::Loopback(_) => Span::default(),
        };
        let traced = step.is_recorded().then(|| call.clone().in_step(step.context()));
        let call = traced.as_ref().unwrap_or(call);
        let answer = self.answer(method, call, &request).instrument(span.clone()).await;
        let answer = answer.unwrap_or_else(|failure| {
            span.in_scope(|| failure.log());
            Err(failure.fault.into())
        });
        step.record(|recording| match answer.as_ref().map_err(CallError::fault) {
            Err(Some(fault)) => recording.fail(fault_name(fault), "a call failed"),
            Ok(_) | Err(None) => drop(recording.set("http.response.status_code", 200_u16)),
        });
        step.end();
        let outcome = outcome_of(&answer);
        span.record("outcome", outcome);
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        span.in_scope(|| tracing::debug!(outcome, micros, "called"));
        answer
    }

    async fn answer<R, T, E>(
        &self,
        method: &Method,
        call: &CallContext,
        request: &R,
    ) -> Result<Result<T, CallError<E>>, Failure>
    where
        R: Serialize,
        T: DeserializeOwned,
        E: DeserializeOwned,
    {
        if call.deadline().has_passed() {
            return Err(Failure::new(
                Fault::Unavailable,
                "the deadline passed before the call".into(),
            ));
        }
        let body = encode_call(call, request).map_err(|error| Failure::defect(error.into()))?;
        let answer = match self {
            Self::Http(remote) => remote.exchange(method, call, body).await?,
            Self::Loopback(dispatch) => {
                let answered = dispatch.dispatch(method.name, &body, None).await;
                answered
                    .map_err(|refusal| Failure::defect(refusal.into()))?
                    .into()
            }
        };
        serde_json::from_slice(&answer).map_err(|error| Failure::defect(error.into()))
    }
}

fn outcome_of<T, E>(answer: &Result<T, CallError<E>>) -> &'static str {
    match answer.as_ref().map_err(CallError::fault) {
        Ok(_) => "ok",
        Err(None) => "refused",
        Err(Some(fault)) => fault_name(fault),
    }
}

const fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::Unavailable => "unavailable",
        Fault::Unknown => "unknown",
        Fault::Internal => "internal",
    }
}

/// The body of an answer that a service gave. A service always answers 200, its refusals included; any other
/// status comes from something before it.
fn read_answer(response: Response<Bytes>) -> Result<Bytes, Failure> {
    let status = response.status();
    match status {
        StatusCode::OK if is_json(response.headers().get(CONTENT_TYPE)) => Ok(response.into_body()),
        StatusCode::OK => Err(Failure::defect(
            "the peer answered with something other than JSON".into(),
        )),
        StatusCode::UNAUTHORIZED => Err(Failure::defect("the peer does not know our internal key".into())),
        // From a proxy in between, which cannot tell whether the peer did it.
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Err(
            Failure::new(Fault::Unknown, format!("the peer answered {status}").into()),
        ),
        _ => Err(Failure::defect(format!("the peer answered {status}").into())),
    }
}

/// A call without an answer of the service's.
struct Failure {
    fault: Fault,
    cause: BoxError,
}

impl Failure {
    fn new(fault: Fault, cause: BoxError) -> Self {
        Self { fault, cause }
    }

    fn defect(cause: BoxError) -> Self {
        Self::new(Fault::Internal, cause)
    }

    fn log(&self) {
        let mut cause = self.cause.to_string();
        let mut next = self.cause.source();
        while let Some(error) = next {
            cause = format!("{cause}: {error}");
            next = error.source();
        }
        match self.fault {
            Fault::Internal => tracing::error!(cause, "a call failed"),
            Fault::Unavailable | Fault::Unknown => tracing::warn!(cause, "a call failed"),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let fault = match &error {
            SendError::NotSent(_) => Fault::Unavailable,
            SendError::Unknown(_) | SendError::TimedOut | SendError::RequestBody(_) => Fault::Unknown,
            SendError::AnswerTooLarge => Fault::Internal,
        };
        Self::new(fault, error.into())
    }
}
