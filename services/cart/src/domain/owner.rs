//! Whose cart it is.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use cart_api::{CartOwner, CartToken};
use kit_token::UserId;

/// Whose cart it is, as it is stored: of a guest, the hash of the token. With 256 random bits in the token there is
/// nothing to try out, so that a plain hash keeps it as well as a slow one would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    User(UserId),
    Guest(TokenHash),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

impl Owner {
    /// The guest who has a token.
    pub(crate) fn guest(token: &CartToken) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.bytes()).as_ref());
        Self::Guest(TokenHash(hash))
    }

    pub(crate) const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }
}

impl From<CartOwner> for Owner {
    fn from(owner: CartOwner) -> Self {
        match owner {
            CartOwner::User(user_id) => Self::User(user_id),
            CartOwner::Guest(token) => Self::guest(&token),
        }
    }
}

/// As the column says it.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user_id) => write!(f, "user:{user_id}"),
            Self::Guest(TokenHash(hash)) => {
                f.write_str("guest:")?;
                hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_token_the_hash_is_kept() {
        let column = Owner::guest(&CartToken::new([0; 32])).to_string();
        // Of 32 zero bytes, by `sha256sum`.
        let expected = "guest:66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(column, expected);
    }
}
