//! What may be a password.

use std::sync::LazyLock;

use kit_runtime::Secret;
use unicode_normalization::UnicodeNormalization;

const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// bcrypt reads no further; a longer password would be cut silently.
const BCRYPT_BYTES: usize = 72;

/// Passwords that are guessed first, one a line, sorted; from published frequency lists.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// What the hash in use can bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordRules {
    /// At most 72 bytes.
    Bcrypt,
    /// Any length.
    Argon2id,
}

/// A password in Unicode's composed form (NFC), so that two keyboards which type the same letters
/// differently are one password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Password(Secret<String>);

impl Password {
    /// A password somebody wants to have from now on.
    pub(crate) fn parse(text: &str, rules: PasswordRules) -> Result<Self, &'static str> {
        let password = Self::given(text).ok_or("must not contain a NUL character")?;
        let composed = password.0.expose();
        if !(SHORTEST..=LONGEST).contains(&composed.chars().count()) {
            return Err("must have 8 to 128 characters");
        }
        if rules == PasswordRules::Bcrypt && composed.len() > BCRYPT_BYTES {
            return Err("must not be longer than 72 bytes");
        }
        if COMMON.binary_search(&composed.to_lowercase().as_str()).is_ok() {
            return Err("is too common");
        }
        Ok(password)
    }

    /// A password somebody types to sign in; `None` where no account can have it.
    pub(crate) fn given(text: &str) -> Option<Self> {
        // Bounded before it is looked at any closer: four bytes a character, and room for decomposed ones.
        if text.contains('\0') || text.len() > LONGEST * 12 {
            return None;
        }
        Some(Self(Secret::new(text.nfc().collect())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_list_is_sorted_and_in_lower_case() {
        assert!(COMMON.len() > 1000);
        assert!(COMMON.is_sorted());
        assert!(
            COMMON
                .iter()
                .all(|word| word.to_lowercase() == **word && word.len() >= SHORTEST)
        );
    }

    #[test]
    fn a_password_is_long_enough_and_not_common() {
        for good in ["securePassword123", "correct-horse-battery-9", "ünïcödé-is-fine"] {
            assert!(Password::parse(good, PasswordRules::Bcrypt).is_ok(), "{good}");
        }
        for bad in ["short", "password1", "PASSWORD1", "nul\0nul\0nul"] {
            assert!(Password::parse(bad, PasswordRules::Bcrypt).is_err(), "{bad}");
        }
    }

    #[test]
    fn bcrypt_refuses_what_it_would_cut() {
        let long = "é".repeat(37);
        assert!(Password::parse(&long, PasswordRules::Bcrypt).is_err());
        assert!(Password::parse(&long, PasswordRules::Argon2id).is_ok());
        assert!(Password::parse(&"x".repeat(129), PasswordRules::Argon2id).is_err());
    }

    #[test]
    fn two_ways_to_type_a_letter_are_one_password() {
        let composed = Password::given("caf\u{e9}-au-lait");
        assert_eq!(composed, Password::given("cafe\u{301}-au-lait"));
    }
}
