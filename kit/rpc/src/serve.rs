//! The far end of a call: bytes in, the service's own code, bytes out; and the routes that lead there.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kit_http::ApiError;
use kit_http::server::{RouteLabel, RoutePattern};
use kit_telemetry::{TraceParent, Tracer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tracing::Instrument;

use crate::method::{Method, guard};
use crate::wire::decode_call;
use crate::{CallContext, CallError, InternalKeys};

/// The largest call, in bytes.
pub(crate) const MOST_CALL_BYTES: usize = 8 * 1024 * 1024;

/// A service behind its codec.
pub trait Dispatch: Send + Sync + 'static {
    /// The names of its methods.
    fn methods(&self) -> &'static [&'static str];

    /// Runs the call in `body` and encodes its answer. What it does belongs to `step`, where that is traced, and
    /// else to what the call says.
    fn dispatch<'a>(
        &'a self,
        method: &'a str,
        body: &'a [u8],
        step: Option<TraceParent>,
    ) -> BoxFuture<'a, Result<Vec<u8>, Refusal>>;
}

/// Why a call did not get as far as the service, or its answer not back.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The caller's contract has a method that ours does not.
    #[error("there is no such method")]
    NoMethod,
    /// The caller's contract has another form of the request.
    #[error("the call cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// An answer that JSON cannot say.
    #[error("the answer cannot be written")]
    Answer(#[source] serde_json::Error),
}

/// Decodes a call, runs it under the rules, encodes its answer. Both `Ok` and the contract's own error are
/// answers.
pub async fn serve<R, T, E, F>(
    method: &Method,
    body: &[u8],
    step: Option<TraceParent>,
    run: impl FnOnce(CallContext, R) -> F,
) -> Result<Vec<u8>, Refusal>
where
    R: DeserializeOwned,
    T: Serialize,
    E: Serialize,
    F: Future<Output = Result<T, CallError<E>>>,
{
    let (mut call, request) = decode_call::<R>(body).map_err(Refusal::Malformed)?;
    if step.is_some() {
        call = call.in_step(step);
    }
    let Method { service, name, .. } = method;
    let request_id = call.request_id().map(|id| tracing::field::display(id.clone()));
    let span = tracing::info_span!("rpc_served", service, method = name, request_id);
    let answer = guard(method, call.deadline(), run(call, request))
        .instrument(span)
        .await;
    serde_json::to_vec(&answer).map_err(Refusal::Answer)
}

#[derive(Clone)]
struct Server {
    service: &'static str,
    dispatch: Arc<dyn Dispatch>,
    keys: InternalKeys,
}

/// `POST /internal/rpc/<service>/<method>`, for whoever has an internal key.
pub fn router(service: &'static str, dispatch: Arc<dyn Dispatch>, keys: InternalKeys) -> Router {
    let route = post(answer).fallback(refuse_method);
    Router::new()
        .route(&format!("{}{{method}}", path_of(service)), route)
        .with_state(Server {
            service,
            dispatch,
            keys,
        })
}

/// The path of a service's calls, up to the name of the method.
pub(crate) fn path_of(service: &str) -> String {
    format!("/internal/rpc/{service}/")
}

async fn answer(
    State(server): State<Server>,
    Path(method): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    if !server.keys.admit(request.headers()) {
        return Err(ApiError::unauthorized(
            "invalid_internal_key",
            "this needs an internal key",
        ));
    }
    if !is_json(request.headers().get(CONTENT_TYPE)) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "a call is `application/json`",
        ));
    }
    let known = server.dispatch.methods().iter().find(|known| **known == method);
    let operation = known.ok_or(Refusal::NoMethod).map_err(refuse)?;
    let given = request.extensions();
    let step = given
        .get::<Tracer>()
        .and_then(|_| given.get::<TraceParent>().copied());
    let body = read(request.into_body()).await?;
    let answer = server.dispatch.dispatch(operation, &body, step).await;
    let answer = answer.map_err(refuse)?;
    let json = HeaderValue::from_static("application/json");
    let mut response = ([(CONTENT_TYPE, json)], answer).into_response();
    let service = server.service;
    let extensions = response.extensions_mut();
    extensions.insert(RouteLabel { service, operation });
    if step.is_some() {
        let pattern = format!("{}{operation}", path_of(service));
        extensions.insert(RoutePattern(pattern.into()));
    }
    Ok(response)
}

async fn refuse_method() -> ApiError {
    ApiError::method_not_allowed(Some(HeaderValue::from_static("POST")))
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MOST_CALL_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::too_large(MOST_CALL_BYTES as u64)),
        Err(error) => {
            Err(ApiError::bad_request("unreadable_body", "the body could not be read").with_cause(error))
        }
    }
}

fn refuse(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::NoMethod => ApiError::not_found("there is no such method"),
        Refusal::Malformed(error) => {
            ApiError::bad_request("malformed_call", "the call cannot be read").with_cause(error)
        }
        Refusal::Answer(error) => ApiError::internal(error),
    }
}

/// Whether a content type is JSON; parameters do not matter, since JSON has one encoding.
pub(crate) fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let text = content_type.and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
