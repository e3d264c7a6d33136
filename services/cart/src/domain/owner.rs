//! Whose cart it is.

use std::fmt;

use cart_api::{CartOwner, CartToken, CartTokenHash};
use kit_token::UserId;

/// Whose cart it is, as it is stored: of a guest, the hash of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    User(UserId),
    Guest(CartTokenHash),
}

impl Owner {
    /// The guest who has a token.
    pub(crate) fn guest(token: &CartToken) -> Self {
        Self::Guest(token.hash())
    }

    pub(crate) const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }
}

impl From<CartOwner> for Owner {
    fn from(owner: CartOwner) -> Self {
        match owner {
            CartOwner::User(user_id) => Self::User(user_id),
            CartOwner::Guest(hash) => Self::Guest(hash),
        }
    }
}

/// As the column says it.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user_id) => write!(f, "user:{user_id}"),
            Self::Guest(hash) => write!(f, "guest:{hash}"),
        }
    }
}
