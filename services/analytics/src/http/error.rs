//! Analytics' refusals as the edge tells them.

use kit_db::StoreError;
use kit_http::ApiError;

use crate::service::AnalyticsFailure;

pub(super) fn refused(failure: AnalyticsFailure) -> ApiError {
    match failure {
        AnalyticsFailure::Invalid(errors) => ApiError::invalid(errors),
        AnalyticsFailure::Span(error) => ApiError::bad_request("invalid_query", error.to_string()),
        AnalyticsFailure::Limit => ApiError::bad_request("invalid_query", failure.to_string()),
        AnalyticsFailure::NotYours => ApiError::forbidden("You can only see your own statistics"),
        AnalyticsFailure::Full => ApiError::unavailable("too many streams are open"),
        AnalyticsFailure::KeyReused => ApiError::idempotency_key_reused(),
        AnalyticsFailure::StillRunning => ApiError::still_running(),
        AnalyticsFailure::Store(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown)) => {
            ApiError::unavailable("Analytics service unavailable").with_cause(error)
        }
        AnalyticsFailure::Store(error) => ApiError::internal(error),
    }
}
