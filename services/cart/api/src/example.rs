//! Values for examples in documents.

use kit_values::Sku;

/// A SKU of its text form.
#[expect(
    clippy::unwrap_used,
    reason = "an example is well-formed, which the tests try"
)]
pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}
