//! What can go wrong with a call from one service to another.

use std::borrow::Cow;

use kit_http::FieldError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A failure that no contract has to name for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Surely not done: the service could not be reached, or would not begin.
    Unavailable,
    /// May have been done: it was under way when the connection broke or the deadline passed.
    Unknown,
    /// A defect: a panic, an answer that cannot be read, a key that the peer does not know. It may have
    /// been done, and sending it again will not help; the log says more.
    Internal,
}

/// Why a call between services did not do what it asked: what any service may say, and the refusals `R` of the
/// one that was called. It travels as it is; causes stay in the log of the service that failed.
#[derive(Clone, Debug, Error, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "error", content = "detail", rename_all = "snake_case")]
pub enum CallError<R> {
    /// The service refuses.
    #[error(transparent)]
    Refused(R),
    /// Members of the request are wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// What is asked about is not there: its kind, such as `User`.
    #[error("{0} not found")]
    NotFound(Cow<'static, str>),
    /// It has changed since the caller saw it.
    #[error("the resource has changed since")]
    VersionMismatch,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The same request is still running.
    #[error("the same request is still running")]
    StillRunning,
    /// [`Fault::Unavailable`].
    #[error("the service is unavailable")]
    Unavailable,
    /// [`Fault::Unknown`].
    #[error("the service's answer was lost")]
    Unknown,
    /// [`Fault::Internal`].
    #[error("the service failed")]
    Internal,
}

impl<R> From<Fault> for CallError<R> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable => Self::Unavailable,
            Fault::Unknown => Self::Unknown,
            Fault::Internal => Self::Internal,
        }
    }
}

impl<R> CallError<R> {
    /// The fault, where it is one.
    pub const fn fault(&self) -> Option<Fault> {
        match self {
            Self::Unavailable => Some(Fault::Unavailable),
            Self::Unknown => Some(Fault::Unknown),
            Self::Internal => Some(Fault::Internal),
            Self::Refused(_)
            | Self::Invalid(_)
            | Self::NotFound(_)
            | Self::VersionMismatch
            | Self::KeyReused
            | Self::StillRunning => None,
        }
    }
}
