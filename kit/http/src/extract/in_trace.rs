//! Use cases in the trace of the request that asks for them.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use kit_telemetry::TraceParent;

/// Use cases whose writes, and the events among them, can belong to a trace.
pub trait Traced {
    /// The same use cases in this trace.
    #[must_use]
    fn in_trace(&self, trace: TraceParent) -> Self;
}

/// What axum's `State` gives, in the request's trace: for handlers that write.
#[derive(Clone, Copy, Debug)]
pub struct InTrace<T>(pub T);

impl<T, S> FromRequestParts<S> for InTrace<T>
where
    T: FromRef<S> + Traced,
    S: Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let cases = T::from_ref(state);
        Ok(Self(match parts.extensions.get::<TraceParent>() {
            Some(trace) => cases.in_trace(*trace),
            None => cases,
        }))
    }
}
