//! Strict extractors: what they refuse is answered in the one error shape, and nothing is guessed.

mod in_trace;
mod json;
mod page;
mod params;
mod strict;

pub use in_trace::{InTrace, Traced};
pub use json::{Json, OptionalJson};
pub use page::{ArrayPage, ForeignCursor, Page, PageQuery, PageRequest};
pub use params::{Path, Query};
