//! Phone numbers.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;

/// A phone number as networks know it (ITU-T E.164): a plus sign, the country's code, and no more than 15 digits in
/// all. Whether somebody answers there, only a message to it can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// A text is no phone number.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a phone number such as `+4930123456`")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        let digits = text.strip_prefix('+').ok_or(PhoneNumberError)?;
        let is_number = (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            Ok(Self(text.to_owned()))
        } else {
            Err(PhoneNumberError)
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

kit_values::text_form!(
    PhoneNumber,
    json_schema!({ "type": "string", "pattern": "^\\+[1-9][0-9]{7,14}$" })
);
