//! Whole numbers within limits.

use thiserror::Error;

/// A number is not within the limits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be {least} to {most}")]
pub struct RangeError {
    /// The least that is allowed.
    pub least: i64,
    /// The most that is allowed.
    pub most: i64,
}

/// Declares a whole number from a least to a most one. In JSON it is a number.
macro_rules! whole_number {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident($least:literal..=$most:literal);) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Deserialize, serde::Serialize)]
        #[serde(try_from = "i64", into = "i64")]
        $visibility struct $name(i64);

        impl $name {
            /// The number itself.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = $crate::RangeError;

            fn try_from(number: i64) -> Result<Self, Self::Error> {
                if ($least..=$most).contains(&number) {
                    Ok(Self(number))
                } else {
                    Err($crate::RangeError { least: $least, most: $most })
                }
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "integer", "minimum": $least, "maximum": $most })
            }
        }
    };
}
pub(crate) use whole_number;
