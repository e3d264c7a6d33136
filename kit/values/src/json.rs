//! JSON strings that hold one value in its text form.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a string, and the value from it; nothing but a string will do.
pub fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextForm(PhantomData))
}

struct TextForm<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for TextForm<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// The JSON of a value with a text form: a string that is displayed and parsed, described by a schema that
/// stands wherever the value does.
#[doc(hidden)]
#[macro_export]
macro_rules! text_form {
    ($name:ident $(<$(const $parameter:ident: $kind:ty),+>)?, $schema:expr) => {
        impl $(<$(const $parameter: $kind),+>)? $crate::__private::serde::Serialize for $name $(<$($parameter),+>)? {
            fn serialize<S: $crate::__private::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de $($(, const $parameter: $kind)+)?> $crate::__private::serde::Deserialize<'de> for $name $(<$($parameter),+>)? {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::__private::from_text(deserializer)
            }
        }

        impl $(<$(const $parameter: $kind),+>)? $crate::__private::schemars::JsonSchema for $name $(<$($parameter),+>)? {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut $crate::__private::schemars::SchemaGenerator) -> $crate::__private::schemars::Schema {
                $schema
            }
        }
    };
}
