//! Payments' refusals as the edge tells them.

use http::StatusCode;
use kit_db::StoreError;
use kit_http::ApiError;

use crate::domain::LimitExceeded;
use crate::service::PaymentsFailure;

pub(super) fn refused(failure: PaymentsFailure) -> ApiError {
    match failure {
        PaymentsFailure::Invalid(errors) => ApiError::invalid(errors),
        PaymentsFailure::LimitExceeded(LimitExceeded(most)) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "transaction_limit_exceeded",
            format!("Transaction limit exceeded: maximum {most} total per user"),
        ),
        PaymentsFailure::OtherCursor => ApiError::bad_request("invalid_query", "`cursor` is not one of ours"),
        PaymentsFailure::KeyReused => ApiError::idempotency_key_reused(),
        PaymentsFailure::StillRunning => ApiError::still_running(),
        PaymentsFailure::Store(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown)) => {
            ApiError::unavailable("Payment service unavailable").with_cause(error)
        }
        PaymentsFailure::Store(error) => ApiError::internal(error),
    }
}
