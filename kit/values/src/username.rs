//! The names of users.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;

/// A username: 3 to 32 of `A-Z a-z 0-9 _ . -`, kept as it was given and unique without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

/// A text is no username.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be 3 to 32 of `A-Z a-z 0-9 _ . -`")]
pub struct UsernameError;

impl Username {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, UsernameError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if (3..=32).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UsernameError)
        }
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_form!(
    Username,
    json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]{3,32}$" })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_has_3_to_32_plain_characters() {
        for good in ["ada", "A.d_a-1", &"x".repeat(32)] {
            assert_eq!(good.parse::<Username>().unwrap().as_str(), good);
        }
        for bad in ["", "ab", "a b", "adä", "a@b", "ada\n", &"x".repeat(33)] {
            assert_eq!(bad.parse::<Username>(), Err(UsernameError), "{bad}");
        }
    }

    #[test]
    fn one_name_is_one_name_however_it_is_cased() {
        let name: Username = serde_json::from_str("\"Ada\"").unwrap();
        assert_eq!(name.key(), "ada");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ada\"");
    }
}
