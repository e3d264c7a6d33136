//! An HTML form in.

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::body_limit;
use crate::ApiError;
use crate::refusal::{INVALID_FORM, UNSUPPORTED_FORM};

/// The fields of a form, `application/x-www-form-urlencoded`. Its struct carries `#[serde(deny_unknown_fields)]`, so
/// that a form is read as strictly as JSON is.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        let limit = body_limit(&request);
        DefaultBodyLimit::max(usize::try_from(limit).unwrap_or(usize::MAX)).apply(&mut request);
        let read = axum::Form::<T>::from_request(request, state).await;
        let axum::Form(fields) = read.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(limit),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::known(UNSUPPORTED_FORM),
            _ => ApiError::saying(&INVALID_FORM, rejection.body_text()),
        })?;
        Ok(Self(fields))
    }
}
