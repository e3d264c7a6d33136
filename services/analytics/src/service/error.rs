//! Why a use case did not do what was asked.

use kit_db::StoreError;
use kit_http::FieldError;
use thiserror::Error;

use crate::domain::SpanError;

/// A refusal or a failure.
#[derive(Debug, Error)]
pub(crate) enum AnalyticsFailure {
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Span(#[from] SpanError),
    #[error("`limit` must be from 1 to 100")]
    Limit,
    #[error("the statistics are another user's")]
    NotYours,
    #[error("too many streams are open")]
    Full,
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("the same request is still running")]
    StillRunning,
    #[error(transparent)]
    Store(#[from] StoreError),
}
