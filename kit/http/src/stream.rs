//! Answers that stay open: server-sent events, for as long as their client may be told anything.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures::Stream;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use kit_runtime::Stop;
use kit_token::Verifier;

use crate::{Access, ApiError, MatchedRoute, Verified};

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often it is looked whether the caller may still be answered.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// Ends a stream when the process stops, and within a second once its caller's session or token is not good any more.
/// It holds what the request was let in with, and the access that the route declares.
pub struct StreamGuard {
    access: Access,
    caller: Option<Verified>,
    /// With the token, as it came.
    headers: HeaderMap,
    verifier: Verifier,
    stop: Stop,
}

impl StreamGuard {
    /// What `event` comes to; none where the stream is to end, before it or by then.
    pub async fn next<T>(&self, event: impl Future<Output = T>) -> Option<T> {
        let mut event = std::pin::pin!(event);
        loop {
            tokio::select! {
                biased;
                () = self.stop.requested() => return None,
                value = &mut event => return self.admits().then_some(value),
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
            }
            if !self.admits() {
                return None;
            }
        }
    }

    /// Whether the stream goes on.
    pub fn is_open(&self) -> bool {
        !self.stop.is_requested() && self.admits()
    }

    /// Whether the caller may still be answered.
    fn admits(&self) -> bool {
        match &self.caller {
            // A gateway in this process verified the caller, who sent no token.
            Some(Verified(principal)) if !self.headers.contains_key(AUTHORIZATION) => {
                self.access.still_admits(&self.verifier, principal)
            }
            _ => self.access.admit(&self.verifier, &self.headers).is_ok(),
        }
    }
}

impl<S> FromRequestParts<S> for StreamGuard
where
    S: Sync,
    Verifier: FromRef<S>,
    Stop: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let matched = parts.extensions.get::<MatchedRoute>();
        Ok(Self {
            access: matched
                .ok_or_else(|| ApiError::internal("a stream outside a guard"))?
                .access,
            caller: parts.extensions.get().cloned(),
            headers: parts.headers.clone(),
            verifier: Verifier::from_ref(state),
            stop: Stop::from_ref(state),
        })
    }
}

/// Events as the answer, with a sign of life every quarter of a minute.
pub fn event_stream<E>(events: impl Stream<Item = Result<Event, E>> + Send + 'static) -> Response
where
    E: Into<axum::BoxError> + 'static,
{
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}
