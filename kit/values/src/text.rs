//! Text of a bounded length.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;

/// Text of `MIN` to `MAX` characters (Unicode scalar values, as a JSON schema counts them), none of which is
/// NUL. It is kept as it was given: nothing is trimmed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize, const MIN: usize = 0>(String);

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TextError {
    /// There is nothing, where one character would do.
    #[error("must not be empty")]
    Empty,
    /// It is too short.
    #[error("must have at least {least} characters")]
    TooShort {
        /// How many it must have.
        least: usize,
    },
    /// It is too long.
    #[error("must have at most {most} characters")]
    TooLong {
        /// How many it may have.
        most: usize,
    },
    /// PostgreSQL's text cannot hold it, and no reader wants it.
    #[error("must not contain a NUL character")]
    Nul,
}

impl<const MAX: usize, const MIN: usize> Text<MAX, MIN> {
    /// Checks a text.
    pub fn parse(text: impl Into<String>) -> Result<Self, TextError> {
        const { assert!(MIN <= MAX, "no text is short and long enough") };
        let text = text.into();
        match text.chars().count() {
            0 if MIN == 1 => Err(TextError::Empty),
            count if count < MIN => Err(TextError::TooShort { least: MIN }),
            count if count > MAX => Err(TextError::TooLong { most: MAX }),
            _ if text.contains('\0') => Err(TextError::Nul),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const MIN: usize> FromStr for Text<MAX, MIN> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
    }
}

impl<const MAX: usize, const MIN: usize> From<Text<MAX, MIN>> for String {
    fn from(text: Text<MAX, MIN>) -> Self {
        text.0
    }
}

impl<const MAX: usize, const MIN: usize> fmt::Display for Text<MAX, MIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_form!(Text<const MAX: usize, const MIN: usize>, {
    let mut schema = json_schema!({ "type": "string", "maxLength": MAX });
    if MIN > 0 {
        schema.insert("minLength".to_owned(), MIN.into());
    }
    schema
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal<const MAX: usize, const MIN: usize>(text: &str) -> Option<String> {
        Text::<MAX, MIN>::parse(text).err().map(|error| error.to_string())
    }

    #[test]
    fn characters_count_and_not_bytes() {
        assert_eq!(refusal::<3, 0>(""), None);
        assert_eq!(refusal::<3, 0>("\u{1f980}\u{1f980}\u{1f980}"), None);
        assert_eq!(refusal::<3, 0>("abcd").unwrap(), "must have at most 3 characters");
    }

    #[test]
    fn a_text_may_have_to_be_there() {
        assert_eq!(refusal::<3, 1>("").unwrap(), "must not be empty");
        assert_eq!(refusal::<3, 2>("é").unwrap(), "must have at least 2 characters");
        assert_eq!(refusal::<3, 2>("éé"), None);
    }

    #[test]
    fn nul_is_refused_and_blanks_are_kept() {
        assert_eq!(
            refusal::<3, 0>("a\0").unwrap(),
            "must not contain a NUL character"
        );
        assert_eq!(Text::<3>::parse(" a ").unwrap().as_str(), " a ");
    }

    #[test]
    fn json_is_a_string_of_that_length() {
        let text: Text<3> = serde_json::from_str("\"a\\nb\"").unwrap();
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"a\\nb\"");
        let error = serde_json::from_str::<Text<3>>("\"abcd\"")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("must have at most 3 characters"), "{error}");
        let error = serde_json::from_str::<Text<3>>("7").unwrap_err().to_string();
        assert!(
            error.starts_with("invalid type: integer `7`, expected a string"),
            "{error}"
        );
        let schema = |schema: schemars::Schema| serde_json::to_value(schema).unwrap();
        assert_eq!(schema(schemars::schema_for!(Text<3>))["maxLength"], 3);
        assert_eq!(schema(schemars::schema_for!(Text<3, 1>))["minLength"], 1);
    }

    proptest! {
        #[test]
        fn what_is_taken_keeps_to_its_limits(text in "[a\0é\u{1f980} ]{0,12}") {
            let is_good = (2..=8).contains(&text.chars().count()) && !text.contains('\0');
            let parsed = Text::<8, 2>::parse(text.as_str());
            prop_assert_eq!(parsed.is_ok(), is_good);
            if let Ok(parsed) = parsed {
                prop_assert_eq!(String::from(parsed), text);
            }
        }
    }
}
