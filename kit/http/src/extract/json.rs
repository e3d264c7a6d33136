//! JSON in and out.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::strict::Strict;
use super::{body_limit, media_type};
use crate::refusal::{MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE};
use crate::{ApiError, FieldError};

/// A JSON body. As an extractor it demands the content type, the size and the shape; types that come from
/// clients carry `#[serde(deny_unknown_fields)]`, so that a misspelt member is an error and not ignored.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::known(UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = read_body(request).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out, which stands for the type's default. Where there is one, everything
/// that [`Json`] demands is demanded.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state)
            .await
            .map(|Json(value)| Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => (
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                bytes,
            )
                .into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

/// The bytes of a body as they were sent, of whatever type: for what is signed.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read_body(request).await.map(Self)
    }
}

pub(super) async fn read_body(request: Request) -> Result<Bytes, ApiError> {
    let limit = body_limit(&request);
    let body = Limited::new(request.into_body(), usize::try_from(limit).unwrap_or(usize::MAX));
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::too_large(limit)),
        Err(error) => Err(ApiError::incomplete_body(error)),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = media_type(headers);
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(&pointer, error.inner())
    })?;
    reader.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

fn refusal(parent: &str, error: &serde_json::Error) -> ApiError {
    let said = error.to_string();
    let what = said
        .split_once(" at line ")
        .map_or(said.as_str(), |(what, _)| what);
    if !error.is_data() {
        let message = format!(
            "malformed JSON at line {} column {}: {what}",
            error.line(),
            error.column()
        );
        return ApiError::saying(&MALFORMED_JSON, message);
    }
    // Serde names the member in words where the path ends at its parent.
    let member = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|opening| what.strip_prefix(opening))
        .and_then(|rest| rest.split_once('`'))
        .map(|(member, _)| member);
    let pointer = match member {
        Some(member) if !parent.ends_with(&format!("/{}", escaped(member))) => {
            format!("{parent}/{}", escaped(member))
        }
        _ => parent.to_owned(),
    };
    ApiError::invalid(vec![FieldError::new(pointer, what)])
}

fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escaped(key))),
            Segment::Enum { variant } => Some(format!("/{}", escaped(variant))),
            Segment::Unknown => None,
        })
        .collect()
}

/// RFC 6901, section 3.
fn escaped(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Login {
        #[expect(dead_code, reason = "only its parsing matters")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its parsing matters")]
        tags: Vec<u8>,
    }

    fn error_of(body: &[u8]) -> String {
        format!("{:?}", parse::<Login>(body).unwrap_err())
    }

    #[test]
    fn malformed_json_names_line_and_column() {
        assert!(error_of(b"{nope").contains("malformed JSON at line 1 column 2"));
        assert!(error_of(b"").contains("malformed JSON at line 1 column 0"));
        assert!(error_of(b"{\"name\":\"a\"} x").contains("malformed JSON at line 1 column 14"));
    }

    #[test]
    fn an_array_is_no_object() {
        assert!(error_of(b" [\"ada\", []]").contains("expected an object"));
    }

    #[test]
    fn invalid_utf8_is_refused() {
        assert!(error_of(b"{\"name\":\"\xff\"}").contains("400"));
    }

    #[test]
    fn a_wrong_member_is_named_by_its_pointer() {
        assert!(error_of(b"{}").contains("/name: missing field"));
        assert!(error_of(b"{\"name\":\"a\",\"admin\":true}").contains("/admin: unknown field"));
        assert!(error_of(b"{\"name\":\"a\",\"name\":\"b\"}").contains("/name: duplicate field"));
        assert!(error_of(b"{\"name\":\"a\",\"tags\":[1,\"x\"]}").contains("/tags/1: invalid type"));
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        let headers = |value| HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
        assert!(is_json(&headers("Application/JSON; charset=utf-8")));
        assert!(is_json(&headers("application/merge-patch+json")));
        assert!(!is_json(&headers("text/json")));
        assert!(!is_json(&HeaderMap::new()));
    }
}
