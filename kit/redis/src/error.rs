//! Why Redis gave no answer.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use thiserror::Error;

/// Why there is no answer. Whoever asked goes on without.
#[derive(Debug, Error)]
pub enum Away {
    /// It failed lately, or there was no connection yet; nothing was sent.
    #[error("redis is not asked for a while")]
    NotAsked,
    /// It did not answer in time. The command may be done all the same, also much later.
    #[error("redis did not answer within {0:?}")]
    TooSlow(Duration),
    /// The connection broke, or the server is in no state to answer. The command may be done all the same.
    #[error("redis cannot answer")]
    Broken(#[source] RedisError),
    /// It answered that it would not do this, or not what was expected.
    #[error("redis refused the command")]
    Refused(#[source] RedisError),
}

/// The address cannot be used.
#[derive(Debug, Error)]
#[error("the address of redis cannot be used")]
pub struct BadUrl(#[source] pub(crate) RedisError);

impl Away {
    pub(crate) fn of(error: RedisError) -> Self {
        if is_gone(&error) || is_unfit(&error) {
            Self::Broken(error)
        } else {
            Self::Refused(error)
        }
    }

    /// The label under which the outcome is counted.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::TooSlow(_) => "too_slow",
            Self::Broken(_) => "broken",
            Self::Refused(_) => "refused",
        }
    }
}

/// The connection is of no use any more.
pub(crate) fn is_gone(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.is_io_error() || error.kind() == ErrorKind::Parse
}

/// The server answers, but would answer everybody like that: it loads its data, has lost its primary, or is one
/// that must not be written to.
fn is_unfit(error: &RedisError) -> bool {
    let unfit = [
        ServerErrorKind::BusyLoading,
        ServerErrorKind::MasterDown,
        ServerErrorKind::ClusterDown,
        ServerErrorKind::ReadOnly,
        ServerErrorKind::TryAgain,
    ];
    matches!(error.kind(), ErrorKind::Server(kind) if unfit.contains(&kind))
}
