//! Closed sets of words, the same in JSON, in the database and on the command line.

use std::fmt;

use schemars::{Schema, json_schema};
use serde_json::{Value, json};

/// A word that is none of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// Every word of the set.
    pub expected: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be one of `{}`", self.expected.join("`, `"))
    }
}

impl std::error::Error for UnknownWord {}

/// Declares a closed set of words: an enum each of whose variants has one word, written once. In JSON it is a
/// string; the order is that of the declaration.
///
/// ```
/// kit_values::words! {
///     /// Whether it is paid.
///     pub enum Status {
///         /// Not yet.
///         Pending = "pending",
///         /// It is.
///         Paid = "paid",
///     }
/// }
/// assert_eq!(Status::Paid.as_str(), "paid");
/// assert_eq!("pending".parse(), Ok(Status::Pending));
/// assert_eq!("Paid".parse::<Status>().unwrap_err().to_string(), "must be one of `pending`, `paid`");
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[doc = $about:literal])*
        $visibility:vis enum $name:ident {
            $($(#[doc = $meaning:literal])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[doc = $meaning])* $variant,)+
        }

        impl $name {
            /// All of them, in the order of their declaration.
            $visibility const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its word.
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord { expected: &[$($word),+] }),
                }
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::__private::from_text(deserializer)
            }
        }

        impl $crate::__private::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(
                _: &mut $crate::__private::schemars::SchemaGenerator,
            ) -> $crate::__private::schemars::Schema {
                $crate::__private::schema(&[$($about),*], &[$(($word, &[$($meaning),*])),+])
            }
        }
    };
}

/// Describes a set: each word with what it means.
pub fn schema(about: &[&str], words: &[(&str, &[&str])]) -> Schema {
    let described = |(word, meaning): &(&str, &[&str])| -> Value {
        json!({ "type": "string", "const": word, "description": paragraph(meaning) })
    };
    let words: Vec<_> = words.iter().map(described).collect();
    json_schema!({ "oneOf": words, "description": paragraph(about) })
}

/// The lines of a documentation comment, each of which begins with a blank.
fn paragraph(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.trim()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::words! {
        /// What a thing
        /// is like.
        enum Likeness {
            /// As others.
            SameAsOthers = "same_as_others",
            /// As none.
            Unique = "UNIQUE",
        }
    }

    #[test]
    fn a_word_is_the_same_everywhere() {
        for likeness in Likeness::ALL {
            let word = likeness.as_str();
            assert_eq!(word.parse(), Ok(likeness));
            assert_eq!(likeness.to_string(), word);
            let json = serde_json::to_string(&likeness).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<Likeness>(&json).unwrap(), likeness);
        }
        assert!(Likeness::SameAsOthers < Likeness::Unique);
    }

    #[test]
    fn another_word_is_refused_by_name_of_those_there_are() {
        let message = "must be one of `same_as_others`, `UNIQUE`";
        for text in ["unique", "", "same_as_others "] {
            assert_eq!(text.parse::<Likeness>().unwrap_err().to_string(), message);
        }
        let error = serde_json::from_str::<Likeness>("\"odd\"")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(message), "{error}");
        for json in ["{\"UNIQUE\":null}", "1", "null", "[\"UNIQUE\"]"] {
            assert!(serde_json::from_str::<Likeness>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_schema_says_what_each_word_means() {
        let schema = serde_json::to_value(schemars::schema_for!(Likeness)).unwrap();
        assert_eq!(schema["description"], "What a thing\nis like.");
        let unique = json!({ "type": "string", "const": "UNIQUE", "description": "As none." });
        assert_eq!(schema["oneOf"][1], unique);
    }
}
