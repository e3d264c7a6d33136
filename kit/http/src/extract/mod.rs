//! Strict extractors: what they refuse is answered in the one error shape, and nothing is guessed.

mod csv;
mod form;
mod json;
mod page;
mod params;
mod strict;
mod upload;

use axum::extract::Request;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::MatchedRoute;

pub use csv::Csv;
pub use form::Form;
pub use json::{Json, OptionalJson, RawBody};
pub use page::{ArrayPage, FilteredPage, ForeignCursor, NextLink, Page, PageQuery, PageRequest};
pub use params::{Path, Query};
pub use upload::Upload;

/// The bytes that the body of a request may have. A router outside a guard reads nothing: no limit was declared.
fn body_limit(request: &Request) -> u64 {
    let matched = request.extensions().get::<MatchedRoute>();
    matched.map_or(0, |route| route.body_limit)
}

/// The media type of a body in lower case, without its parameters; empty where none is said.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next());
    media_type.unwrap_or_default().trim().to_ascii_lowercase()
}
