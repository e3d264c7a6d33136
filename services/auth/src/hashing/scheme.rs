//! The two kinds of hash, and which parameters are borne.

use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::{HashError, PasswordCheck};

const BCRYPT_BYTES: usize = 72;

/// Imported hashes may ask for so much work and no more: a sign-in must not become an attack.
const DEAREST_BCRYPT: u32 = 16;
const MOST_ARGON2_KIB: u32 = 256 * 1024;
const MOST_ARGON2_PASSES: u32 = 16;
const MOST_ARGON2_LANES: u32 = 16;

/// How new hashes are made. Either kind is checked, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bcrypt {
        /// Doubles the work with each step.
        cost: u32,
    },
    Argon2id {
        /// Memory.
        kib: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
}

impl Scheme {
    /// A hash in its standard text form. Fails for a password that the scheme would cut.
    pub(crate) fn hash(self, password: &[u8], salt: [u8; 16]) -> Result<String, HashError> {
        if !self.takes(password) {
            return Err(HashError::Failed(format!(
                "it has more than {BCRYPT_BYTES} bytes"
            )));
        }
        let made = match self {
            // The library's own refusal of long passwords counts the NUL that ends them, which bcrypt does
            // without at 72 bytes.
            Self::Bcrypt { cost } => bcrypt::hash_with_salt(password, cost, salt)
                .map(|parts| parts.format_for_version(bcrypt::Version::TwoB))
                .map_err(|error| error.to_string()),
            Self::Argon2id { .. } => self
                .argon2()
                .and_then(|argon2| {
                    argon2
                        .hash_password_with_salt(password, &salt)
                        .map_err(|error| error.to_string())
                })
                .map(|hash| hash.to_string()),
        };
        made.map_err(HashError::Failed)
    }

    /// Whether a new hash of `password` says all of it.
    pub(crate) fn takes(self, password: &[u8]) -> bool {
        matches!(self, Self::Argon2id { .. }) || password.len() <= BCRYPT_BYTES
    }

    /// Whether the parameters are ones that hashing accepts.
    pub(crate) fn validate(self) -> Result<(), String> {
        match self {
            Self::Bcrypt { cost } if (4..=DEAREST_BCRYPT).contains(&cost) => Ok(()),
            Self::Bcrypt { .. } => Err(format!("must be from 4 to {DEAREST_BCRYPT}")),
            Self::Argon2id { kib, passes, lanes }
                if kib > MOST_ARGON2_KIB || passes > MOST_ARGON2_PASSES || lanes > MOST_ARGON2_LANES =>
            {
                Err(format!(
                    "must not pass {MOST_ARGON2_KIB} KiB, {MOST_ARGON2_PASSES} passes, {MOST_ARGON2_LANES} lanes"
                ))
            }
            Self::Argon2id { .. } => self.argon2().map(|_| ()),
        }
    }

    /// Checks a password against a stored hash of either kind. `None` where no work was done: the text is no
    /// hash, asks for too much work, or cannot be of a password this long.
    pub(crate) fn check(self, password: &[u8], stored: &str) -> Option<PasswordCheck> {
        let (matches, current) = if stored.starts_with("$argon2") {
            self.check_argon2(password, stored)?
        } else {
            self.check_bcrypt(password, stored)?
        };
        Some(match (matches, current) {
            (false, _) => PasswordCheck::Wrong,
            (true, true) => PasswordCheck::Right,
            // What today's scheme would cut keeps the hash that says all of it.
            (true, false) if !self.takes(password) => PasswordCheck::Right,
            (true, false) => PasswordCheck::RightButOutdated,
        })
    }

    /// Whether the password is the one, and whether the hash has today's parameters.
    fn check_bcrypt(self, password: &[u8], stored: &str) -> Option<(bool, bool)> {
        let cost = bcrypt::HashParts::from_str(stored).ok()?.get_cost();
        if cost > DEAREST_BCRYPT || password.len() > BCRYPT_BYTES {
            return None;
        }
        let matches = bcrypt::verify(password, stored).ok()?;
        Some((matches, self == Self::Bcrypt { cost }))
    }

    /// As [`Scheme::check_bcrypt`].
    fn check_argon2(self, password: &[u8], stored: &str) -> Option<(bool, bool)> {
        let hash = PasswordHash::new(stored).ok()?;
        hash.hash.as_ref()?;
        let params = argon2::Params::try_from(&hash).ok()?;
        let found = Self::Argon2id {
            kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        };
        found.validate().ok()?;
        let matches = Argon2::default().verify_password(password, &hash).is_ok();
        let current = hash.algorithm == argon2::ARGON2ID_IDENT && self == found;
        Some((matches, current))
    }

    fn argon2(self) -> Result<Argon2<'static>, String> {
        let Self::Argon2id { kib, passes, lanes } = self else {
            return Ok(Argon2::default());
        };
        argon2::Params::new(kib, passes, lanes, None)
            .map(Argon2::from)
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: Scheme = Scheme::Bcrypt { cost: 4 };
    const ARGON2: Scheme = Scheme::Argon2id {
        kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn either_kind_is_checked_by_either_scheme() {
        for (made_by, checked_by, right) in [
            (BCRYPT, BCRYPT, PasswordCheck::Right),
            (ARGON2, ARGON2, PasswordCheck::Right),
            (BCRYPT, ARGON2, PasswordCheck::RightButOutdated),
            (ARGON2, BCRYPT, PasswordCheck::RightButOutdated),
            (
                Scheme::Bcrypt { cost: 5 },
                BCRYPT,
                PasswordCheck::RightButOutdated,
            ),
        ] {
            let hash = made_by.hash(b"secret", [7; 16]).unwrap();
            assert_eq!(checked_by.check(b"secret", &hash), Some(right), "{hash}");
            assert_eq!(
                checked_by.check(b"Secret", &hash),
                Some(PasswordCheck::Wrong),
                "{hash}"
            );
        }
    }

    #[test]
    fn a_hash_of_another_program_is_checked() {
        // From the test vectors of OpenBSD's bcrypt: the password is `U*U`.
        let imported = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert_eq!(
            BCRYPT.check(b"U*U", imported),
            Some(PasswordCheck::RightButOutdated)
        );
    }

    #[test]
    fn an_imported_hash_may_not_ask_for_too_much_work() {
        let dear = "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert_eq!(BCRYPT.check(b"U*U", dear), None);
        let huge = "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$X5sXbCY2Bg5X7uvYWVAoxCWFqk1yJvSgyZF7GJr4dSg";
        assert_eq!(ARGON2.check(b"x", huge), None);
    }

    #[test]
    fn what_is_no_hash_matches_nothing() {
        let bare = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA";
        for rubbish in ["", "plain", "$2b$12$short", "$argon2id$v=19$nonsense", bare] {
            assert_eq!(BCRYPT.check(b"", rubbish), None, "{rubbish}");
        }
    }

    #[test]
    fn bcrypt_neither_makes_nor_checks_what_it_would_cut() {
        let hash = BCRYPT.hash(&[b'x'; 72], [1; 16]).unwrap();
        assert_eq!(BCRYPT.check(&[b'x'; 72], &hash), Some(PasswordCheck::Right));
        assert_eq!(BCRYPT.check(&[b'x'; 71], &hash), Some(PasswordCheck::Wrong));
        assert_eq!(BCRYPT.check(&[b'x'; 73], &hash), None);
        assert!(BCRYPT.hash(&[b'x'; 73], [1; 16]).is_err());
        // Under argon2id it was whole, and stays so.
        let whole = ARGON2.hash(&[b'x'; 73], [1; 16]).unwrap();
        assert_eq!(BCRYPT.check(&[b'x'; 73], &whole), Some(PasswordCheck::Right));
        assert_eq!(BCRYPT.check(&[b'x'; 72], &whole), Some(PasswordCheck::Wrong));
    }
}
