//! Whom a verified token speaks for.

use kit_runtime::Timestamp;
use kit_values::typed_id;

use crate::{Claims, Role, Roles};

typed_id! {
    /// A user; a bare UUID, since that is how the public interface has always named users.
    pub struct UserId("");
}

typed_id! {
    /// A session: one sign-in, and every token that came of it.
    pub struct SessionId("ses_");
}

typed_id! {
    /// One access token (`jti`).
    pub struct TokenId("tok_");
}

/// The caller, as a token that passed every check describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user to whom the token was issued.
    pub user_id: UserId,
    /// The user's name when the token was issued.
    pub username: String,
    /// The roles of the user.
    pub roles: Roles,
    /// The sign-in that the token came of.
    pub session_id: SessionId,
    /// The user's epoch when the token was issued; a role change or a disabled account raises it, and with it
    /// every token of a lower epoch is dead.
    pub epoch: i64,
    /// The identifier of the token.
    pub token_id: TokenId,
    /// When the token was issued (UTC).
    pub issued_at: Timestamp,
    /// When the token expires (UTC).
    pub expires_at: Timestamp,
}

impl Principal {
    /// Whether the user has `role` or one that includes it.
    pub fn includes(&self, role: Role) -> bool {
        self.roles.includes(role)
    }
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self {
            user_id: claims.sub,
            username: claims.username,
            roles: claims.roles,
            session_id: claims.sid,
            epoch: claims.epoch,
            token_id: claims.jti,
            issued_at: claims.iat,
            expires_at: claims.exp,
        }
    }
}
