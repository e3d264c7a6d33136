//! Names in addresses.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const LONGEST: usize = 100;

/// What a thing is called in an address: 1 to 100 of `a-z 0-9 -`, which neither begins nor ends with a hyphen, nor
/// has two in a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// A text is no slug.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be 1 to 100 of `a-z 0-9` in words with single hyphens between them")]
pub struct SlugError;

impl Slug {
    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes one of a name: its Latin letters without their accents, and its digits. None where it has neither.
    pub fn of_name(name: &str) -> Option<Self> {
        let plain = name.nfkd().filter(|letter| !is_combining_mark(*letter));
        let folded: String = plain.flat_map(char::to_lowercase).collect();
        let words = folded.split(|letter: char| !letter.is_ascii_alphanumeric());
        let mut slug = words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        slug.truncate(LONGEST);
        slug.trim_end_matches('-').parse().ok()
    }

    /// The same with something behind it that tells it from others; cut where that is needed.
    #[must_use]
    pub fn with_suffix(&self, suffix: &Self) -> Self {
        let room = LONGEST.saturating_sub(suffix.0.len() + 1);
        let base = self.0.get(..room).unwrap_or(&self.0).trim_end_matches('-');
        format!("{base}-{suffix}")
            .parse()
            .unwrap_or_else(|_| suffix.clone())
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let is_word = |word: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty() && word.bytes().all(is_allowed)
        };
        if text.len() <= LONGEST && text.split('-').all(is_word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError)
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_form!(
    Slug,
    json_schema!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": LONGEST })
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    #[test]
    fn a_slug_is_words_with_hyphens_between() {
        for good in ["a", "blue-mug-2", "7", &"x".repeat(100)] {
            assert_eq!(slug(good).as_str(), good);
        }
        for bad in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "A",
            "a_b",
            "ä",
            "a b",
            "a\0",
            &"x".repeat(101),
        ] {
            assert_eq!(bad.parse::<Slug>(), Err(SlugError), "{bad:?}");
        }
    }

    #[test]
    fn a_name_becomes_a_slug() {
        for (name, expected) in [
            ("Blue Mug, 300 ml", "blue-mug-300-ml"),
            ("  Café Crème!", "cafe-creme"),
            ("ﬁne №5", "fine-no5"),
        ] {
            assert_eq!(Slug::of_name(name), Some(slug(expected)), "{name}");
        }
        for name in ["", "---", "茶碗"] {
            assert_eq!(Slug::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_suffix_always_finds_room() {
        assert_eq!(slug("mug").with_suffix(&slug("2")), slug("mug-2"));
        let long = slug(&"x".repeat(100)).with_suffix(&slug("abcd1234"));
        assert_eq!(long.as_str().len(), 100);
        assert!(long.as_str().ends_with("x-abcd1234"));
    }

    proptest! {
        #[test]
        fn whatever_a_name_is_its_slug_is_one(name in "\\PC{0,150}", suffix in "[a-z0-9]{1,12}") {
            if let Some(made) = Slug::of_name(&name) {
                prop_assert_eq!(made.as_str().parse(), Ok(made.clone()));
                let longer = made.with_suffix(&slug(&suffix));
                prop_assert!(longer.as_str().parse::<Slug>().is_ok());
            }
        }
    }
}
