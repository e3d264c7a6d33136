//! A table in.

use axum::extract::{FromRequest, Request};

use super::json::read_body;
use super::media_type;
use crate::ApiError;
use crate::refusal::{INVALID_TEXT, UNSUPPORTED_CSV};

/// The text of a table, `text/csv` (RFC 4180) in UTF-8. A byte order mark, with which spreadsheets begin, is not part
/// of it. What is in it is the service's to read.
#[derive(Clone, Debug)]
pub struct Csv(pub String);

impl<S: Sync> FromRequest<S> for Csv {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if media_type(request.headers()) != "text/csv" {
            return Err(ApiError::known(UNSUPPORTED_CSV));
        }
        let bytes = read_body(request).await?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Self(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())),
            Err(error) => {
                let message = format!("byte {} of the body is not UTF-8", error.valid_up_to());
                Err(ApiError::saying(&INVALID_TEXT, message))
            }
        }
    }
}
