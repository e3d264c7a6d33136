//! Why a use case did not do what was asked, and what the edge and a contract make of it.

use std::borrow::Cow;
use std::error::Error as StdError;

use axum::response::{IntoResponse, Response};
use kit_cache::CacheError;
use kit_db::{StoreError, WriteError};
use kit_http::extract::ForeignCursor;
use kit_http::{ApiError, ApiRefusal, FieldError};
use kit_rpc::CallError;
use thiserror::Error;

type Cause = Box<dyn StdError + Send + Sync>;

/// Why a use case did not do what was asked: what can happen to any, and the service's own refusals `R`.
///
/// `?` takes what statements, writes, caches and other services fail with.
#[derive(Debug, Error)]
pub enum Failure<R> {
    /// The service refuses; nothing was changed.
    #[error(transparent)]
    Refused(R),
    /// Members of the request are wrong (400).
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    /// A parameter of the query is wrong (400): which, and how.
    #[error("{0}")]
    InvalidQuery(Cow<'static, str>),
    /// What is asked about is not there, or not to be seen by the caller (404): its kind, such as `User`.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// It has changed since the client saw it (412).
    #[error("the resource has changed since")]
    VersionMismatch,
    /// The idempotency key was used for another request (422).
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The same request is still running (409).
    #[error("the same request is still running")]
    StillRunning,
    /// Surely not done; trying again later is safe (503).
    #[error("{service} service unavailable")]
    Unavailable {
        /// Who is away, as clients know it: this service, or one that it calls.
        service: &'static str,
        /// The cause, for the log.
        #[source]
        cause: Cause,
    },
    /// It may have been done: an answer was lost (503).
    #[error("{service}'s answer was lost")]
    Unknown {
        /// The service whose answer is missing.
        service: &'static str,
        /// The cause, for the log.
        #[source]
        cause: Cause,
    },
    /// A defect (500).
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// What is wrong, for an operator who wrote it down in a file.
fn list(errors: &[FieldError]) -> String {
    let each = |error: &FieldError| format!("{} {}", error.pointer.trim_start_matches('/'), error.message);
    errors.iter().map(each).collect::<Vec<_>>().join("; ")
}

impl<R> Failure<R> {
    /// A defect, whatever it is.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// Whether nobody knows if it was done: what is kept in memory of it must be looked up again.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::Unknown { .. } | Self::Internal(_)
        )
    }
}

impl<R: ApiRefusal> Failure<R> {
    /// The error of the service's contract. Causes do not travel; that of a defect goes to the log here.
    pub fn into_contract_error(self) -> CallError<R> {
        if let Self::Internal(cause) = &self {
            let cause = &**cause as &dyn StdError;
            tracing::error!(service = R::SERVICE, cause, "a call failed");
        }
        match self {
            Self::Refused(refusal) => CallError::Refused(refusal),
            Self::Invalid(errors) => CallError::Invalid(errors),
            Self::NotFound(what) => CallError::NotFound(what.into()),
            Self::VersionMismatch => CallError::VersionMismatch,
            Self::KeyReused => CallError::KeyReused,
            Self::StillRunning => CallError::StillRunning,
            Self::Unavailable { .. } => CallError::Unavailable,
            Self::Unknown { .. } => CallError::Unknown,
            // A contract has no query, and who asks by one cannot mend either.
            Self::InvalidQuery(_) | Self::Internal(_) => CallError::Internal,
        }
    }
}

impl<R: ApiRefusal> From<Failure<R>> for ApiError {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::of(&refusal),
            Failure::Invalid(errors) => Self::invalid(errors),
            Failure::InvalidQuery(message) => Self::invalid_query(message),
            Failure::NotFound(_) => Self::not_found(failure.to_string()),
            Failure::VersionMismatch => Self::precondition_failed(),
            Failure::KeyReused => Self::idempotency_key_reused(),
            Failure::StillRunning => Self::still_running(),
            Failure::Unavailable { service, cause } | Failure::Unknown { service, cause } => {
                Self::unavailable(format!("{service} service unavailable")).with_cause(cause)
            }
            Failure::Internal(cause) => Self::internal(cause),
        }
    }
}

impl<R: ApiRefusal> IntoResponse for Failure<R> {
    fn into_response(self) -> Response {
        ApiError::from(self).into_response()
    }
}

impl<R: ApiRefusal> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        let service = R::SERVICE;
        match error {
            StoreError::Unavailable(_) => Self::Unavailable {
                service,
                cause: error.into(),
            },
            StoreError::OutcomeUnknown => Self::Unknown {
                service,
                cause: error.into(),
            },
            error => Self::Internal(error.into()),
        }
    }
}

impl<R: ApiRefusal> From<WriteError<Self>> for Failure<R> {
    fn from(error: WriteError<Self>) -> Self {
        error.flatten()
    }
}

impl<R: ApiRefusal> From<WriteError<StoreError>> for Failure<R> {
    fn from(error: WriteError<StoreError>) -> Self {
        StoreError::from(error).into()
    }
}

impl<R: ApiRefusal> From<CacheError<StoreError>> for Failure<R> {
    fn from(error: CacheError<StoreError>) -> Self {
        let is_away = match &error {
            CacheError::Failed(error) => {
                matches!(**error, StoreError::Unavailable(_) | StoreError::OutcomeUnknown)
            }
            CacheError::TooSlow { .. } => true,
            CacheError::Lost { .. } => false,
        };
        if is_away {
            Self::Unavailable {
                service: R::SERVICE,
                cause: error.into(),
            }
        } else {
            Self::Internal(error.into())
        }
    }
}

/// Of a service that was called. What a caller can act on, such as its refusals, is looked at before; here it is a
/// defect.
impl<R, Q: ApiRefusal> From<CallError<Q>> for Failure<R> {
    fn from(error: CallError<Q>) -> Self {
        let service = Q::SERVICE;
        match error {
            CallError::Unavailable | CallError::StillRunning => Self::Unavailable {
                service,
                cause: error.into(),
            },
            CallError::Unknown => Self::Unknown {
                service,
                cause: error.into(),
            },
            CallError::Refused(_)
            | CallError::Invalid(_)
            | CallError::NotFound(_)
            | CallError::VersionMismatch
            | CallError::KeyReused
            | CallError::Internal => Self::Internal(error.into()),
        }
    }
}

impl<R> From<Vec<FieldError>> for Failure<R> {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

impl<R> From<ForeignCursor> for Failure<R> {
    fn from(error: ForeignCursor) -> Self {
        Self::InvalidQuery(error.to_string().into())
    }
}
