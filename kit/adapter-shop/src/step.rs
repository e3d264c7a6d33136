//! Why a step of an adapter is not done.

use kit_adapter::AdapterError;
use kit_db::StoreError;
use kit_http::ApiRefusal;
use kit_service::Failure;

/// Why a step is not done.
#[derive(Debug)]
pub enum StepError<R> {
    /// It will not be.
    Rejected(&'static str),
    /// It may be later.
    Failed(Failure<R>),
}

impl<R: ApiRefusal> From<StoreError> for StepError<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What is tried again is told in words that say nothing of how it is done; the cause goes to the log.
impl<R: ApiRefusal> From<StepError<R>> for AdapterError {
    fn from(error: StepError<R>) -> Self {
        match error {
            StepError::Rejected(reason) => Self::Rejected(reason.to_owned()),
            StepError::Failed(Failure::Refused(refusal)) => Self::Rejected(refusal.to_string()),
            StepError::Failed(failure) => {
                let cause = &failure as &dyn std::error::Error;
                tracing::warn!(cause, "an adapter's step is not done");
                Self::Unavailable(failure.to_string())
            }
        }
    }
}
