//! Why a cache has no answer.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Why a look-up failed. None of it is kept: the next look-up loads again.
#[derive(Debug, Error)]
pub enum CacheError<E> {
    /// The load failed. Each of those who waited for it hears the same error.
    #[error(transparent)]
    Failed(Arc<E>),
    /// The load did not end in time, and was given up.
    #[error("the load of `{cache}` took longer than {limit:?}")]
    TooSlow {
        /// The cache's name.
        cache: &'static str,
        /// How long a load may take.
        limit: Duration,
    },
    /// The load panicked, which is logged, or the process stops.
    #[error("the load of `{cache}` was lost")]
    Lost {
        /// The cache's name.
        cache: &'static str,
    },
}

impl<E> Clone for CacheError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::TooSlow { cache, limit } => Self::TooSlow { cache, limit: *limit },
            Self::Lost { cache } => Self::Lost { cache },
        }
    }
}
