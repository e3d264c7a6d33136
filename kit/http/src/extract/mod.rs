//! Strict extractors: what they refuse is answered in the one error shape, and nothing is guessed.

mod json;
mod page;
mod params;
mod strict;

pub use json::{Json, OptionalJson};
pub use page::{ArrayPage, ForeignCursor, Page, PageQuery, PageRequest};
pub use params::{Path, Query};
