//! Strict extractors: what they refuse is answered in the one error shape, and nothing is guessed.

mod form;
mod json;
mod page;
mod params;
mod strict;

use axum::extract::Request;

use crate::MatchedRoute;

pub use form::Form;
pub use json::{Json, OptionalJson};
pub use page::{ArrayPage, FilteredPage, ForeignCursor, NextLink, Page, PageQuery, PageRequest};
pub use params::{Path, Query};

/// The bytes that the body of a request may have. A router outside a guard reads nothing: no limit was declared.
fn body_limit(request: &Request) -> u64 {
    let matched = request.extensions().get::<MatchedRoute>();
    matched.map_or(0, |route| route.body_limit)
}
