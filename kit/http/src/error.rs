//! The one shape of an error, from the handler that refuses to the bytes on the wire.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use kit_runtime::panic_text;
use serde::{Deserialize, Serialize};

use crate::refusal::{self, RefusalDoc};
use crate::{ApiRefusal, ReplyBody};

/// What a client reads when a request is refused. Cheap to clone: it travels in the response's extensions
/// to the server's stack, which alone renders it.
#[derive(Clone)]
pub struct ApiError(Arc<Facts>);

#[derive(Clone)]
struct Facts {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
    allow: Option<HeaderValue>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What is wrong with one member of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the member.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl FieldError {
    /// An error at a pointer such as `/email`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
        }
    }
}

impl ApiError {
    /// An error with its status, a code for programs and a message for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Arc::new(Facts {
            status,
            code: code.into(),
            message: message.into(),
            errors: Vec::new(),
            retry_after: None,
            allow: None,
            cause: None,
        }))
    }

    /// A service's own refusal. One that says "later" (429, 503) tells when: after a second.
    pub fn of(refusal: &impl ApiRefusal) -> Self {
        Self::known(RefusalDoc::from(refusal))
    }

    pub(crate) fn known(refusal: RefusalDoc) -> Self {
        let later = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
        let is_later = later.contains(&refusal.status);
        let error = Self::new(refusal.status, refusal.code, refusal.message);
        if is_later {
            error.with_retry_after(1)
        } else {
            error
        }
    }

    /// One of those that every service has, with a message of its own.
    pub(crate) fn saying(refusal: &RefusalDoc, message: impl Into<Cow<'static, str>>) -> Self {
        Self::known(RefusalDoc {
            status: refusal.status,
            code: refusal.code,
            message: message.into(),
        })
    }

    /// 400: the request is not one we understand.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 with every member that is wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let message = errors.first().map_or_else(
            || "the request is not valid".to_owned(),
            |first| format!("{}: {}", first.pointer, first.message),
        );
        Self::saying(&refusal::VALIDATION_FAILED, message).change(|facts| facts.errors = errors)
    }

    /// 400: a parameter of the query is wrong.
    pub fn invalid_query(message: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(&refusal::INVALID_QUERY, message)
    }

    /// 401; the stack adds `WWW-Authenticate`.
    pub fn unauthorized(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403: the caller is known and may not.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(&refusal::ROLE_MISSING, message)
    }

    /// 404 Not Found.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 401: whoever asks has to show who they are.
    pub fn missing_authorization() -> Self {
        Self::known(refusal::MISSING_AUTHORIZATION)
    }

    /// 401: the token is not good, whatever is wrong with it.
    pub fn invalid_token() -> Self {
        Self::known(refusal::INVALID_TOKEN)
    }

    /// 405, naming what is allowed.
    pub fn method_not_allowed(allow: Option<HeaderValue>) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this path does not know the method",
        )
        .change(|facts| facts.allow = allow)
    }

    /// 409 Conflict.
    pub fn conflict(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 422: the idempotency key belongs to another request.
    pub fn idempotency_key_reused() -> Self {
        Self::known(refusal::KEY_REUSED)
    }

    /// 409: the first request with this idempotency key has no answer yet.
    pub fn still_running() -> Self {
        Self::known(refusal::STILL_RUNNING).with_retry_after(1)
    }

    /// 412: somebody else changed the resource first.
    pub fn precondition_failed() -> Self {
        Self::known(refusal::PRECONDITION_FAILED)
    }

    /// 413 Content Too Large, with the limit in bytes.
    pub fn too_large(limit: u64) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::saying(&refusal::BODY_TOO_LARGE, message)
    }

    /// 400: the body ended before it was whole, as the cause says.
    pub fn incomplete_body(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::known(refusal::BODY_INCOMPLETE).with_cause(cause)
    }

    /// 400: `Idempotency-Key` is none.
    pub fn invalid_idempotency_key() -> Self {
        Self::known(refusal::INVALID_KEY)
    }

    /// 502: a service broke off, and nobody knows whether it did what was asked; the message names it.
    pub fn bad_gateway(message: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(&refusal::BAD_GATEWAY, message)
    }

    /// 504: a service did not answer in time, and may do yet what was asked; the message names it.
    pub fn gateway_timeout(message: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(&refusal::GATEWAY_TIMEOUT, message)
    }

    /// 503, to be tried again soon; the message names who is away.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(&refusal::UNAVAILABLE, message)
    }

    /// 500: the client learns nothing but the request's id; the cause goes to the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error").with_cause(cause)
    }

    /// 500: whoever answered panicked with this.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::internal(format!("panic: {}", panic_text(panic)))
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.change(|facts| facts.retry_after = Some(seconds))
    }

    /// Adds what the log shall say; the client never sees it.
    #[must_use]
    pub fn with_cause(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.change(|facts| facts.cause = Some(Arc::from(cause.into())))
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code for programs.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the log says beside the status, sources included.
    pub fn cause(&self) -> Option<String> {
        let mut next: Option<&dyn Error> = self.0.cause.as_deref().map(|cause| cause as &dyn Error);
        let mut text = String::new();
        while let Some(error) = next {
            let said = error.to_string();
            if !text.ends_with(&said) {
                let separator = if text.is_empty() { "" } else { ": " };
                text = format!("{text}{separator}{said}");
            }
            next = error.source();
        }
        (!text.is_empty()).then_some(text)
    }

    /// The answer that carries this error to the stack.
    pub fn into_reply(self) -> http::Response<ReplyBody> {
        let mut reply = http::Response::new(ReplyBody::empty());
        *reply.status_mut() = self.status();
        reply.extensions_mut().insert(self);
        reply
    }

    /// The bytes and headers, as the client asked for them.
    pub(crate) fn render(&self, format: ErrorFormat, request_id: &str) -> http::Response<ReplyBody> {
        let facts = &self.0;
        let body = match format {
            ErrorFormat::Plain => serde_json::to_vec(&PlainError {
                status: facts.status.as_str(),
                message: &facts.message,
                code: &facts.code,
                request_id,
                errors: &facts.errors,
            }),
            ErrorFormat::Problem => serde_json::to_vec(&ProblemDetails {
                r#type: "about:blank",
                title: facts.status.canonical_reason().unwrap_or("Error"),
                status: facts.status.as_u16(),
                detail: &facts.message,
                code: &facts.code,
                request_id,
                errors: &facts.errors,
            }),
        };
        let mut reply = http::Response::new(ReplyBody::Full(body.ok().map(Bytes::from)));
        *reply.status_mut() = facts.status;
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        if facts.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = facts.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = &facts.allow {
            headers.insert(ALLOW, allow.clone());
        }
        reply
    }

    fn change(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ApiError({} {}: {}",
            self.0.status.as_u16(),
            self.0.code,
            self.0.message
        )?;
        self.cause().map_or(Ok(()), |cause| write!(f, "; {cause}"))?;
        f.write_str(")")
    }
}

/// The two ways an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// Our own shape.
    Plain,
    /// RFC 9457.
    Problem,
}

impl ErrorFormat {
    /// Problem details only for who names them: `*/*` keeps our own shape.
    pub(crate) fn requested_by(headers: &HeaderMap) -> Self {
        let named = headers
            .get_all(http::header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|range| range.split(';').next().is_some_and(is_problem_json));
        if named { Self::Problem } else { Self::Plain }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "application/json",
            Self::Problem => "application/problem+json",
        }
    }
}

fn is_problem_json(media_type: &str) -> bool {
    media_type.trim().eq_ignore_ascii_case("application/problem+json")
}

#[derive(Serialize)]
struct PlainError<'a> {
    status: &'a str,
    message: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

#[derive(Serialize)]
struct ProblemDetails<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_details_only_for_who_names_them() {
        for (accept, format) in [
            ("application/problem+json", ErrorFormat::Problem),
            ("text/html, Application/Problem+JSON;q=0.9", ErrorFormat::Problem),
            ("*/*", ErrorFormat::Plain),
            ("application/json", ErrorFormat::Plain),
        ] {
            let headers = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(ErrorFormat::requested_by(&headers), format, "{accept}");
        }
    }

    #[test]
    fn the_cause_is_for_the_log_alone() {
        let error = ApiError::internal(std::io::Error::other("disk on fire"));
        assert_eq!(error.cause().as_deref(), Some("disk on fire"));
        assert_eq!(error.message(), "internal error");
    }
}
