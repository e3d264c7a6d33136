//! Values for examples in documents.

use std::fmt::Debug;
use std::str::FromStr;

/// A value of its text form.
#[expect(
    clippy::unwrap_used,
    reason = "an example is well-formed, which the tests try"
)]
pub(crate) fn example<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}
