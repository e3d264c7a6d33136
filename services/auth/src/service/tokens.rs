//! Giving out a session's tokens, and judging access tokens for those who cannot.

use std::sync::Arc;

use auth_api::{LoggedIn, Session, Validated};
use kit_runtime::Timestamp;
use kit_token::{Claims, FeedHealth, Principal, Refusal, Role, SessionId};

use super::failure::token_error;
use super::{AuthFailure, AuthService, Settings};
use crate::domain::{Account, RefreshToken};
use crate::store::NewSession;

/// Which session tokens are for, and which refresh token it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct IssueFor {
    pub session_id: SessionId,
    pub counter: i64,
    pub issued_at: Timestamp,
}

impl From<&NewSession> for IssueFor {
    /// The first tokens of a session.
    fn from(session: &NewSession) -> Self {
        Self {
            session_id: session.session_id,
            counter: 0,
            issued_at: session.created_at,
        }
    }
}

impl AuthService {
    /// Tells whether an access token is good, for those who cannot verify one themselves.
    pub(crate) fn validate(&self, token: &str) -> Result<Validated, AuthFailure> {
        let principal = self.verify_for_others(token).map_err(token_error)?;
        Ok(Validated {
            valid: true,
            user_id: principal.user_id,
            username: principal.username.clone(),
            roles: principal.roles.iter().collect(),
            is_admin: principal.roles.includes(Role::Admin),
            expires_at: principal.expires_at,
        })
    }

    /// Whom a token speaks for, as far as others may rely on it: where the last news of revocations is too old,
    /// nobody is told that somebody may do much.
    pub(super) fn verify_for_others(&self, token: &str) -> Result<Arc<Principal>, Refusal> {
        let principal = self.verifier.verify(token)?;
        let is_stale = matches!(self.verifier.revocations().health(), FeedHealth::Stale(_));
        if is_stale && principal.roles.includes(Role::Staff) {
            return Err(Refusal::NoRevocations);
        }
        Ok(principal)
    }

    /// What a sign-in and a refresh answer.
    pub(super) fn logged_in(&self, account: Account, issue: IssueFor) -> LoggedIn {
        LoggedIn {
            session: self.tokens(&account, issue),
            user_id: account.user_id,
            username: account.username,
        }
    }

    /// The tokens of a session, once what they say is stored.
    pub(super) fn tokens(&self, account: &Account, issue: IssueFor) -> Session {
        let Settings {
            issuer,
            audience,
            token_expiry,
            refresh_expiry,
            ..
        } = &self.settings;
        let roles = included(account.role);
        let claims = Claims {
            iss: issuer.clone(),
            aud: audience.clone(),
            sub: account.user_id,
            jti: self.units.new_id(),
            sid: issue.session_id,
            iat: issue.issued_at,
            exp: issue.issued_at.plus(*token_expiry),
            nbf: None,
            roles: roles.iter().copied().collect(),
            username: account.username.clone(),
            epoch: account.epoch,
        };
        let refresh = RefreshToken {
            session_id: issue.session_id,
            counter: issue.counter,
        };
        Session {
            token: self.keys.sign(&claims),
            token_type: "Bearer".to_owned(),
            expires_in: token_expiry.as_secs(),
            refresh_token: refresh.seal(&self.keys.refresh).expose().clone(),
            refresh_expires_in: refresh_expiry.as_secs(),
            id: account.user_id,
            roles,
        }
    }
}

/// A role and the ones it includes, so that whoever reads a token need not know the order.
pub(super) fn included(role: Role) -> Vec<Role> {
    Role::ALL.into_iter().filter(|other| *other <= role).collect()
}
