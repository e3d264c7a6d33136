//! Values that are parsed once, where they come in, and cannot be held wrong afterwards: money, closed sets of
//! words, bounded text, identifiers, addresses, names and counts.
//!
//! Each has one text or JSON form, which is read, written and described (JSON schema) here and nowhere else.
//! Errors say what a value must be (`must be 1 to 999`) and not where it stood: the place is known to whoever
//! reads a request, and is added there.
//!
//! A request whose members are all to be checked before it is refused holds plain strings and numbers, and
//! names the value in its schema only: `#[schemars(with = "Text<500>")]`.
//!
//! Nothing here depends on a database, a clock or HTTP, so that contracts may use it freely.

mod amount;
mod basis_points;
mod currency;
mod decimal;
mod email_address;
mod example;
mod json;
mod member;
mod money;
mod quantity;
mod range;
mod sku;
mod slug;
mod text;
mod typed_id;
mod username;
mod words;

pub use amount::Amount;
pub use basis_points::BasisPoints;
pub use currency::{Currency, CurrencyError};
pub use decimal::DecimalError;
pub use email_address::{EmailAddress, EmailAddressError};
pub use example::example;
pub use member::{given, given_or_null};
pub use money::{Money, MoneyError};
pub use quantity::Quantity;
pub use range::RangeError;
pub use sku::{Sku, SkuError};
pub use slug::{Slug, SlugError};
pub use text::{Text, TextError};
pub use typed_id::IdError;
pub use username::{Username, UsernameError};
pub use uuid::Uuid;
pub use words::UnknownWord;

/// What the macros of this crate expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::json::from_text;
    pub use crate::words::schema;
    pub use {schemars, serde};
}
