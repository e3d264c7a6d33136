//! Refusals with stable codes: what a client matches on, and what the OpenAPI document says of it.
//!
//! A service declares its own by [`refusals!`](crate::refusals) in its contract crate, so that the handler that
//! answers one, the contract that carries it to another service and the document that names its code cannot
//! disagree. Those that every service has are the constants of this module.

use std::borrow::Cow;
use std::error::Error;

use http::StatusCode;

/// The refusals of one service beside those that every service has. Made by [`refusals!`](crate::refusals).
pub trait ApiRefusal: Error + Send + Sync + 'static {
    /// What clients are told the service is called, as in `Payment service unavailable`.
    const SERVICE: &'static str;

    /// The HTTP status.
    fn status(&self) -> StatusCode;

    /// The code for programs, the same for ever. The message for people is the `Display` form.
    fn code(&self) -> &'static str;
}

/// A refusal as the OpenAPI document names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusalDoc {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

impl RefusalDoc {
    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message: Cow::Borrowed(message),
        }
    }
}

impl<R: ApiRefusal> From<&R> for RefusalDoc {
    fn from(refusal: &R) -> Self {
        Self {
            status: refusal.status(),
            code: refusal.code(),
            message: refusal.to_string().into(),
        }
    }
}

/// 401: no token was sent.
pub(crate) const MISSING_AUTHORIZATION: RefusalDoc = RefusalDoc::new(
    StatusCode::UNAUTHORIZED,
    "missing_authorization",
    "Missing authorization header",
);
/// 401: what was sent is not `Bearer` and one word (RFC 6750, 2.1).
pub(crate) const INVALID_AUTHORIZATION: RefusalDoc = RefusalDoc::new(
    StatusCode::UNAUTHORIZED,
    "invalid_authorization",
    "Invalid authorization header format",
);
/// 401: the token is not good, whatever is wrong with it.
pub(crate) const INVALID_TOKEN: RefusalDoc = RefusalDoc::new(
    StatusCode::UNAUTHORIZED,
    "invalid_token",
    "Invalid or expired token",
);
/// 403: the role is missing.
pub(crate) const ROLE_MISSING: RefusalDoc =
    RefusalDoc::new(StatusCode::FORBIDDEN, "forbidden", "the role is missing");
/// 400: the body is no JSON.
pub(crate) const MALFORMED_JSON: RefusalDoc =
    RefusalDoc::new(StatusCode::BAD_REQUEST, "malformed_json", "the body is not JSON");
/// 400: the body is no form, or not the one that was asked for.
pub(crate) const INVALID_FORM: RefusalDoc =
    RefusalDoc::new(StatusCode::BAD_REQUEST, "invalid_form", "the form is not valid");
/// 400: the body is no text.
pub(crate) const INVALID_TEXT: RefusalDoc =
    RefusalDoc::new(StatusCode::BAD_REQUEST, "invalid_text", "the body is not UTF-8");
/// 400: a member of the body is wrong.
pub(crate) const VALIDATION_FAILED: RefusalDoc = RefusalDoc::new(
    StatusCode::BAD_REQUEST,
    "validation_failed",
    "the body is not valid",
);
/// 400: the body ended before it was whole.
pub(crate) const BODY_INCOMPLETE: RefusalDoc = RefusalDoc::new(
    StatusCode::BAD_REQUEST,
    "body_incomplete",
    "the body did not arrive whole",
);
/// 400: a parameter of the path is wrong.
pub(crate) const INVALID_PATH: RefusalDoc =
    RefusalDoc::new(StatusCode::BAD_REQUEST, "invalid_path", "the path is not valid");
/// 400: the idempotency key is none.
pub(crate) const INVALID_KEY: RefusalDoc = RefusalDoc::new(
    StatusCode::BAD_REQUEST,
    "invalid_idempotency_key",
    "`Idempotency-Key` is not 1 to 255 printable ASCII characters, given once",
);
/// 400: the condition is none.
pub(crate) const INVALID_IF_MATCH: RefusalDoc = RefusalDoc::new(
    StatusCode::BAD_REQUEST,
    "invalid_if_match",
    "`If-Match` is neither `*` nor a list of quoted tags",
);
/// 502, by the gateway alone: the service broke off, and may have done what was asked.
pub(crate) const BAD_GATEWAY: RefusalDoc = RefusalDoc::new(
    StatusCode::BAD_GATEWAY,
    "bad_gateway",
    "the service broke off, and may have done it",
);
/// 504, by the gateway alone: the service may still do what was asked.
pub(crate) const GATEWAY_TIMEOUT: RefusalDoc = RefusalDoc::new(
    StatusCode::GATEWAY_TIMEOUT,
    "gateway_timeout",
    "the service did not answer in time, and may do it yet",
);
/// 400: a parameter of the query is wrong.
pub(crate) const INVALID_QUERY: RefusalDoc =
    RefusalDoc::new(StatusCode::BAD_REQUEST, "invalid_query", "the query is not valid");
/// 413.
pub(crate) const BODY_TOO_LARGE: RefusalDoc = RefusalDoc::new(
    StatusCode::PAYLOAD_TOO_LARGE,
    "body_too_large",
    "the body is too large",
);
/// 415.
pub(crate) const UNSUPPORTED_MEDIA_TYPE: RefusalDoc = RefusalDoc::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "the content type must be `application/json`",
);
/// 415, of a form.
pub(crate) const UNSUPPORTED_FORM: RefusalDoc = RefusalDoc::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "the content type must be `application/x-www-form-urlencoded`",
);
/// 415, of a table.
pub(crate) const UNSUPPORTED_CSV: RefusalDoc = RefusalDoc::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "the content type must be `text/csv`",
);
/// 415, of a file.
pub(crate) const UNSUPPORTED_UPLOAD: RefusalDoc = RefusalDoc::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "the content type must be `multipart/form-data`",
);
/// What is refused of a JSON body.
pub(crate) static JSON_REFUSALS: [RefusalDoc; 5] = [
    MALFORMED_JSON,
    BODY_INCOMPLETE,
    VALIDATION_FAILED,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
];
/// What is refused of a form.
pub(crate) static FORM_REFUSALS: [RefusalDoc; 4] =
    [INVALID_FORM, VALIDATION_FAILED, BODY_TOO_LARGE, UNSUPPORTED_FORM];
/// What is refused of a file.
pub(crate) static UPLOAD_REFUSALS: [RefusalDoc; 4] = [
    INVALID_FORM,
    VALIDATION_FAILED,
    BODY_TOO_LARGE,
    UNSUPPORTED_UPLOAD,
];
/// What is refused of a table.
pub(crate) static CSV_REFUSALS: [RefusalDoc; 5] = [
    INVALID_TEXT,
    BODY_INCOMPLETE,
    VALIDATION_FAILED,
    BODY_TOO_LARGE,
    UNSUPPORTED_CSV,
];
/// 409: the first request with this idempotency key has no answer yet.
pub(crate) const STILL_RUNNING: RefusalDoc = RefusalDoc::new(
    StatusCode::CONFLICT,
    "still_running",
    "the same request is still running",
);
/// 422: the idempotency key belongs to another request.
pub(crate) const KEY_REUSED: RefusalDoc = RefusalDoc::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "idempotency_key_reused",
    "`Idempotency-Key` was used for another request",
);
/// 412: `If-Match` names another version.
pub(crate) const PRECONDITION_FAILED: RefusalDoc = RefusalDoc::new(
    StatusCode::PRECONDITION_FAILED,
    "precondition_failed",
    "the resource has changed since",
);
/// 429, by the gateway alone.
pub(crate) const TOO_MANY_REQUESTS: RefusalDoc =
    RefusalDoc::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests");
/// 503.
pub(crate) const UNAVAILABLE: RefusalDoc = RefusalDoc::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "unavailable",
    "try again after `Retry-After` seconds",
);

/// 404, of a resource.
pub(crate) fn not_found(what: &str) -> RefusalDoc {
    RefusalDoc {
        status: StatusCode::NOT_FOUND,
        code: "not_found",
        message: format!("{what} not found").into(),
    }
}

/// Declares what a service refuses: each with status, code and message, in which the variant's fields may stand.
///
/// ```
/// kit_http::refusals! {
///     /// What orders refuses.
///     pub enum OrdersRefusal("Order") {
///         /// There is nothing in the cart.
///         CartEmpty = CONFLICT, "cart_empty", "the cart is empty";
///         /// The order has left.
///         TooLate {
///             /// How far it is.
///             status: String,
///         } = CONFLICT, "too_late", "the order is {status} already";
///     }
/// }
/// use kit_http::ApiRefusal;
///
/// let refusal = OrdersRefusal::TooLate { status: "shipped".to_owned() };
/// assert_eq!(refusal.to_string(), "the order is shipped already");
/// assert_eq!((refusal.status().as_u16(), refusal.code()), (409, "too_late"));
/// ```
///
/// The types of fields travel in contracts, so they are `Clone`, `Debug`, `PartialEq`, `Eq`, `Serialize` and
/// `Deserialize`; those that a message names are `Display`.
#[macro_export]
macro_rules! refusals {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident($service:literal) {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident $({ $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? })? = $status:ident, $code:literal, $message:literal;
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[derive($crate::__private::serde::Deserialize, $crate::__private::serde::Serialize)]
        #[serde(crate = "kit_http::__private::serde", tag = "refusal", rename_all = "snake_case")]
        $visibility enum $name {
            $(
                $(#[$variant_meta])*
                $variant $({ $($(#[$field_meta])* $field: $type,)+ })?,
            )+
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),+ })? => ::std::write!(f, $message),)+
                }
            }
        }

        impl ::std::error::Error for $name {}

        impl $crate::ApiRefusal for $name {
            const SERVICE: &'static str = $service;

            fn status(&self) -> $crate::__private::StatusCode {
                match self {
                    $(Self::$variant $({ $($field: _),+ })? => $crate::__private::StatusCode::$status,)+
                }
            }

            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant $({ $($field: _),+ })? => $code,)+
                }
            }
        }
    };
}
