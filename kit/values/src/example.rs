//! Values for examples in documents.

use std::fmt::Debug;
use std::str::FromStr;

/// A value of its text form, which somebody has written down for a document.
///
/// # Panics
///
/// Where the text is not the form of a value.
#[expect(
    clippy::unwrap_used,
    reason = "every document is generated, and so every example read, by the tests"
)]
pub fn example<T: FromStr<Err: Debug>>(text: &'static str) -> T {
    text.parse().unwrap()
}
