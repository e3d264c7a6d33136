//! Path and query parameters.

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::ApiError;
use crate::refusal::INVALID_PATH;

/// The parameters of the path, typed: an identifier that is none is 400.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let message = detail(&rejection.body_text(), "Invalid URL: ");
                Err(ApiError::saying(&INVALID_PATH, message))
            }
        }
    }
}

/// The query string, typed; its struct carries `#[serde(deny_unknown_fields)]`, so that a misspelt
/// parameter is an error and not ignored.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::try_from(&parts.uri)
    }
}

impl<T: DeserializeOwned> TryFrom<&Uri> for Query<T> {
    type Error = ApiError;

    fn try_from(uri: &Uri) -> Result<Self, ApiError> {
        match axum::extract::Query::try_from_uri(uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let said = rejection.body_text();
                let message = detail(&said, "Failed to deserialize query string: ");
                Err(ApiError::invalid_query(message))
            }
        }
    }
}

/// The part of a rejection that tells the caller something.
fn detail(said: &str, opening: &str) -> String {
    said.strip_prefix(opening).unwrap_or(said).to_owned()
}
