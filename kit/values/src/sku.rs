//! What names an article that is sold.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;

const LONGEST: usize = 64;

/// A stock keeping unit: 1 to 64 of `A-Z a-z 0-9 . _ -`, neither `.` nor `..`, kept as it was given.
///
/// Two that differ in nothing but case are one, and compare, sort and hash so.
#[derive(Clone, Debug)]
pub struct Sku(String);

/// A text is no SKU.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be 1 to 64 of `A-Z a-z 0-9 . _ -`, and neither `.` nor `..`")]
pub struct SkuError;

impl Sku {
    /// Whether there may be a SKU with this in it: 1 to 64 of its characters.
    pub fn may_contain(text: &str) -> bool {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed)
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique: the text in lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Sku {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Sku {}

impl Ord for Sku {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for Sku {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Sku {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
    }
}

impl FromStr for Sku {
    type Err = SkuError;

    fn from_str(text: &str) -> Result<Self, SkuError> {
        // In a path these two would be a step and not a name (RFC 3986, 5.2.4).
        let is_step = matches!(text, "." | "..");
        if Self::may_contain(text) && !is_step {
            Ok(Self(text.to_owned()))
        } else {
            Err(SkuError)
        }
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_form!(
    Sku,
    json_schema!({ "type": "string", "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}$" })
);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    fn sku(text: &str) -> Sku {
        text.parse().unwrap()
    }

    #[test]
    fn a_sku_has_1_to_64_plain_characters() {
        for good in ["a", "MUG-1.a_B", "...", &"x".repeat(64)] {
            assert_eq!(sku(good).as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            " ",
            "a b",
            "mü",
            "a/b",
            "a\0",
            "a\n",
            &"x".repeat(65),
        ] {
            assert_eq!(bad.parse::<Sku>().unwrap_err(), SkuError, "{bad:?}");
        }
    }

    #[test]
    fn case_makes_no_difference() {
        let skus = ["mug-1", "MUG-1", "Mug-1", "mug_1"].map(sku);
        assert_eq!(skus.iter().collect::<HashSet<_>>().len(), 2);
        assert_eq!(skus.iter().collect::<BTreeSet<_>>().len(), 2);
        assert_eq!(skus[0].key(), skus[1].key());
        assert!(sku("B") > sku("a"), "as their keys compare");
    }

    #[test]
    fn json_is_a_string_as_it_was_given() {
        assert_eq!(serde_json::to_string(&sku("Mug")).unwrap(), "\"Mug\"");
        assert!(serde_json::from_str::<Sku>("\"a b\"").is_err());
    }
}
