//! Why a use case did not do what was asked.

use kit_db::StoreError;
use kit_http::FieldError;
use payments_api::PaymentsError;
use thiserror::Error;

use crate::domain::LimitExceeded;

/// A refusal or a failure.
#[derive(Debug, Error)]
pub(crate) enum PaymentsFailure {
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
    #[error("the cursor is not one of ours")]
    OtherCursor,
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("the same request is still running")]
    StillRunning,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The contract's words for a failure; what happened goes to the log here, because it does not travel.
pub(crate) fn told(error: &StoreError) -> PaymentsError {
    match error {
        StoreError::Unavailable(_) => PaymentsError::Unavailable,
        StoreError::OutcomeUnknown => PaymentsError::Unknown,
        error => {
            tracing::error!(%error, "a call failed");
            PaymentsError::Internal
        }
    }
}
