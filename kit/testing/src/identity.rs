//! Somebody who calls: a user, staff, an admin.

use std::time::Duration;

use kit_runtime::{Ids, Timestamp};
use kit_token::{Claims, Role, SessionId, TokenId, UserId};

use crate::process::{AUDIENCE, ISSUER};

/// Somebody with a name and a role.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Their highest role.
    pub role: Role,
    session_id: SessionId,
}

impl Identity {
    /// Somebody new with this name and role.
    #[must_use]
    pub fn new(username: &str, role: Role) -> Self {
        let ids = Ids::system();
        Self {
            user_id: UserId::from(ids.uuid()),
            username: username.to_owned(),
            role,
            session_id: SessionId::from(ids.uuid()),
        }
    }

    /// A customer.
    #[must_use]
    pub fn customer(username: &str) -> Self {
        Self::new(username, Role::Customer)
    }

    /// An admin.
    #[must_use]
    pub fn admin(username: &str) -> Self {
        Self::new(username, Role::Admin)
    }

    /// What their token says, for an hour from `now`.
    #[must_use]
    pub fn claims(&self, now: Timestamp) -> Claims {
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: self.user_id,
            jti: TokenId::from(Ids::system().uuid()),
            sid: self.session_id,
            iat: now,
            exp: now.plus(Duration::from_hours(1)),
            nbf: None,
            roles: Role::ALL.into_iter().filter(|role| *role <= self.role).collect(),
            username: self.username.clone(),
            epoch: 0,
        }
    }
}
