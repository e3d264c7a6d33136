//! A file in.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{body_limit, media_type};
use crate::refusal::{INVALID_FORM, UNSUPPORTED_UPLOAD};
use crate::{ApiError, FieldError};

/// The name of the part that holds the file.
const FILE: &str = "file";

/// A file and the texts beside it, `multipart/form-data` (RFC 7578): the part `file`, and one for each member of `T`,
/// whose struct carries `#[serde(deny_unknown_fields)]` and has members of text. What a part says of itself (a name of
/// a file, a media type) is not believed, and not kept.
#[derive(Clone, Debug)]
pub struct Upload<T> {
    /// The file.
    pub file: Bytes,
    /// The texts.
    pub fields: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Upload<T> {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
        if media_type(request.headers()) != "multipart/form-data" {
            return Err(ApiError::known(UNSUPPORTED_UPLOAD));
        }
        let limit = body_limit(&request);
        DefaultBodyLimit::max(usize::try_from(limit).unwrap_or(usize::MAX)).apply(&mut request);
        let parts = Multipart::from_request(request, state).await;
        let mut parts = parts.map_err(|error| ApiError::saying(&INVALID_FORM, error.body_text()))?;
        let not_read = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(limit),
            _ => ApiError::saying(&INVALID_FORM, error.body_text()),
        };
        let (mut file, mut texts) = (None, Map::new());
        while let Some(part) = parts.next_field().await.map_err(not_read)? {
            let name = name_of(&part)?;
            if (name == FILE && file.is_some()) || texts.contains_key(&name) {
                return Err(wrong(&name, "must not be there twice"));
            }
            let bytes = part.bytes().await.map_err(not_read)?;
            if name == FILE {
                file = Some(bytes);
            } else {
                let text = String::from_utf8(bytes.into());
                let text = text.map_err(|_| wrong(&name, "must be UTF-8"))?;
                texts.insert(name, Value::String(text));
            }
        }
        let file = file.ok_or_else(|| wrong(FILE, "missing part `file`"))?;
        let fields = serde_json::from_value(Value::Object(texts));
        let fields = fields.map_err(|error| ApiError::saying(&INVALID_FORM, error.to_string()))?;
        Ok(Self { file, fields })
    }
}

fn name_of(part: &Field<'_>) -> Result<String, ApiError> {
    let name = part.name().map(str::to_owned);
    name.ok_or_else(|| ApiError::saying(&INVALID_FORM, "a part has no name".to_owned()))
}

fn wrong(name: &str, message: &str) -> ApiError {
    ApiError::invalid(vec![FieldError::new(format!("/{name}"), message)])
}
