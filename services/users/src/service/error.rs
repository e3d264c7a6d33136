//! Why a use case did not do what was asked.

use auth_api::AuthError;
use kit_cache::CacheError;
use kit_db::StoreError;
use kit_http::FieldError;
use thiserror::Error;
use users_api::UsersError;

use crate::domain::NotYours;

/// A refusal or a failure.
#[derive(Debug, Error)]
pub(crate) enum UsersFailure {
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    NotYours(#[from] NotYours),
    #[error("there is a profile already")]
    Exists,
    #[error("there is no such profile")]
    NotFound,
    #[error("somebody changed it since")]
    ChangedSince,
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("the same request is still running")]
    StillRunning,
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The contract's words for a failure; what happened goes to the log here, because it does not travel.
pub(crate) fn told(error: &CacheError<StoreError>) -> UsersError {
    if is_away(error) {
        UsersError::Unavailable
    } else {
        tracing::error!(%error, "a call failed");
        UsersError::Internal
    }
}

/// Whether a profile could not be read because the database is away, or too slow to tell.
pub(crate) fn is_away(error: &CacheError<StoreError>) -> bool {
    match error {
        CacheError::Failed(error) => {
            matches!(**error, StoreError::Unavailable(_) | StoreError::OutcomeUnknown)
        }
        CacheError::TooSlow { .. } => true,
        CacheError::Lost { .. } => false,
    }
}
