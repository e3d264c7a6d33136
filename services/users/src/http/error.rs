//! Users' refusals as the edge tells them.

use auth_api::AuthError;
use kit_cache::CacheError;
use kit_db::StoreError;
use kit_http::{ApiError, IfMatch};

use crate::service::{UsersFailure, is_away};

/// As [`refused`], in the words of who makes a profile.
pub(super) fn not_created(failure: UsersFailure) -> ApiError {
    match failure {
        UsersFailure::NotYours(_) => ApiError::forbidden("You can only create your own profile"),
        failure => refused(failure),
    }
}

pub(super) fn refused(failure: UsersFailure) -> ApiError {
    match failure {
        UsersFailure::Invalid(errors) => ApiError::invalid(errors),
        UsersFailure::NotYours(_) => ApiError::forbidden("You can only modify your own profile"),
        UsersFailure::Exists => ApiError::conflict("profile_already_exists", "Profile already exists"),
        UsersFailure::NotFound | UsersFailure::Auth(AuthError::UnknownAccount) => not_found(),
        UsersFailure::ChangedSince => IfMatch::failed(),
        UsersFailure::KeyReused => ApiError::idempotency_key_reused(),
        UsersFailure::StillRunning => ApiError::still_running(),
        UsersFailure::Auth(error @ (AuthError::Unavailable | AuthError::Unknown)) => {
            ApiError::unavailable("Auth service unavailable").with_cause(error)
        }
        UsersFailure::Auth(error @ AuthError::Internal) => ApiError::internal(error),
        UsersFailure::Store(error) => failed(error),
    }
}

pub(super) fn failed(error: StoreError) -> ApiError {
    match error {
        StoreError::Unavailable(_) | StoreError::OutcomeUnknown => {
            ApiError::unavailable("User service unavailable").with_cause(error)
        }
        error => ApiError::internal(error),
    }
}

/// As [`failed`], where it is a profile that could not be read.
pub(super) fn unread(error: CacheError<StoreError>) -> ApiError {
    if is_away(&error) {
        ApiError::unavailable("User service unavailable").with_cause(error)
    } else {
        ApiError::internal(error)
    }
}

pub(super) fn not_found() -> ApiError {
    ApiError::not_found("User not found")
}
