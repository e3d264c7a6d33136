//! Auth's refusals as the edge tells them.

use kit_db::StoreError;
use kit_http::ApiError;

use crate::hashing::HashError;
use crate::service::{AuthFailure, LogInRefusal, RegisterRefusal};

pub(super) fn failed(failure: AuthFailure) -> ApiError {
    match failure {
        AuthFailure::Hashing(HashError::Busy(busy)) => {
            ApiError::unavailable("too many sign-ins at the moment").with_cause(busy)
        }
        AuthFailure::Hashing(error @ HashError::Failed(_)) => ApiError::internal(error),
        AuthFailure::Store(error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown)) => {
            ApiError::unavailable("Auth service unavailable").with_cause(error)
        }
        AuthFailure::Store(error) => ApiError::internal(error),
        failure @ AuthFailure::NotReady(_) => {
            ApiError::unavailable("Auth service unavailable").with_cause(failure)
        }
    }
}

pub(super) fn not_found() -> ApiError {
    ApiError::not_found("User not found")
}

pub(super) fn not_registered(refusal: RegisterRefusal) -> ApiError {
    match refusal {
        RegisterRefusal::Invalid(errors) => ApiError::invalid(errors),
        RegisterRefusal::UsernameTaken => {
            ApiError::conflict("username_already_exists", "Username already exists")
        }
        RegisterRefusal::EmailTaken => {
            ApiError::conflict("email_already_registered", "Email already registered")
        }
        RegisterRefusal::Failed(failure) => failed(failure),
    }
}

pub(super) fn not_logged_in(refusal: LogInRefusal) -> ApiError {
    match refusal {
        LogInRefusal::Invalid => {
            ApiError::unauthorized("invalid_credentials", "Invalid username or password")
        }
        LogInRefusal::Failed(failure) => failed(failure),
    }
}
