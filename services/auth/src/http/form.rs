//! A browser's form, read as strictly as JSON is.

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use http::StatusCode;
use kit_http::{ApiError, MatchedRoute};
use serde::de::DeserializeOwned;

/// The fields of a form. Its struct carries `#[serde(deny_unknown_fields)]`.
pub(super) struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        // A router outside a guard reads nothing: no limit was declared.
        let matched = request.extensions().get::<MatchedRoute>();
        let limit = matched.map_or(0, |route| route.body_limit);
        DefaultBodyLimit::max(usize::try_from(limit).unwrap_or(usize::MAX)).apply(&mut request);
        let read = axum::Form::<T>::from_request(request, state).await;
        let axum::Form(fields) = read.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(limit),
            status @ StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let message = "the content type must be `application/x-www-form-urlencoded`";
                ApiError::new(status, "unsupported_media_type", message)
            }
            _ => ApiError::bad_request("invalid_form", rejection.body_text()),
        })?;
        Ok(Self(fields))
    }
}
