//! Why a use case did not do what was asked.

use auth_api::AuthError;
use kit_db::{StoreError, UnitError, WriteError};
use kit_http::FieldError;
use kit_token::Refusal;
use thiserror::Error;

use crate::hashing::{Busy, HashError};

/// Nobody is to blame but us.
#[derive(Debug, Error)]
pub(crate) enum AuthFailure {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No password was checked or hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// No token can be judged yet.
    #[error("no token can be judged yet: {0}")]
    NotReady(Refusal),
}

impl From<Busy> for AuthFailure {
    fn from(busy: Busy) -> Self {
        Self::Hashing(busy.into())
    }
}

impl From<WriteError<StoreError>> for AuthFailure {
    fn from(error: WriteError<StoreError>) -> Self {
        Self::Store(error.into())
    }
}

/// Why an account was not made.
#[derive(Debug, Error)]
pub(crate) enum RegisterRefusal {
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

/// What is wrong, for an operator who wrote it down in a file.
fn list(errors: &[FieldError]) -> String {
    let each = |error: &FieldError| format!("{} {}", error.pointer.trim_start_matches('/'), error.message);
    errors.iter().map(each).collect::<Vec<_>>().join("; ")
}

impl From<HashError> for RegisterRefusal {
    fn from(error: HashError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for RegisterRefusal {
    fn from(error: StoreError) -> Self {
        if error.violates("accounts_username_unique", "accounts.username_key") {
            Self::UsernameTaken
        } else if error.violates("accounts_email_unique", "accounts.email_key") {
            Self::EmailTaken
        } else {
            Self::Failed(error.into())
        }
    }
}

impl From<WriteError<UnitError<Self>>> for RegisterRefusal {
    fn from(error: WriteError<UnitError<Self>>) -> Self {
        error.flatten().settle(Self::from)
    }
}

/// The contract's words for a failure; what happened goes to the log here, because it does not travel.
pub(crate) fn told(error: &StoreError) -> AuthError {
    match error {
        StoreError::Unavailable(_) => AuthError::Unavailable,
        StoreError::OutcomeUnknown => AuthError::Unknown,
        error => {
            tracing::error!(%error, "a call failed");
            AuthError::Internal
        }
    }
}
