//! Auth's use cases: each loads, decides and saves, in one unit of work.

mod accounts;
mod audit;
mod contract;
mod error;
mod first_admin;
mod forgetting;
mod guesses;
mod introspection;
mod keys;
mod login;
mod password;
mod refresh;
mod register;
mod revoking;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AccountView, Validated};
use kit_db::{Db, Reader};
use kit_http::extract::Traced;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_telemetry::TraceParent;
use kit_token::{Claims, FeedHealth, Principal, Refusal, Role, SessionId, TokenId, UserId, Verifier};

pub(crate) use accounts::{AccountRefusal, ChangeAccount};
pub(crate) use audit::Actor;
pub(crate) use error::{AuthFailure, RegisterRefusal};
pub(crate) use first_admin::{SetUpLink, SetUpRefusal};
pub(crate) use guesses::{GuessRules, GuessedAt, Guesses};
pub(crate) use introspection::ActiveToken;
pub(crate) use keys::KeysRefusal;
pub(crate) use login::{LogInRefusal, Origin};
pub(crate) use password::PasswordRefusal;
pub(crate) use refresh::RefreshRefusal;

use crate::config::SigningAlgorithm;
use crate::domain::{Account, PasswordRules, RefreshToken};
use crate::hashing::Hasher;
use crate::signing::SigningKeys;
use crate::store;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct AuthService {
    db: Db,
    inner: Arc<Inner>,
}

impl Traced for AuthService {
    fn in_trace(&self, trace: TraceParent) -> Self {
        Self {
            db: self.db.with_trace(trace),
            inner: self.inner.clone(),
        }
    }
}

pub(crate) struct Inner {
    pub hasher: Hasher,
    pub keys: SigningKeys,
    pub guesses: Guesses,
    pub verifier: Verifier,
    pub clock: Clock,
    pub ids: Ids,
    pub settings: Settings,
    pub setup: SetUpLink,
}

/// What the use cases take from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub issuer: String,
    pub audience: String,
    pub token_expiry: Duration,
    pub refresh_expiry: Duration,
    pub password_rules: PasswordRules,
    pub session_on_register: SessionOnRegister,
    pub algorithm: SigningAlgorithm,
    /// For how long a new key is published before it signs.
    pub key_publish_ahead: Duration,
}

/// An account as others see it.
pub(crate) struct SeenAccount {
    /// Grows with each change that an admin makes. Sessions come and go without it.
    pub version: i64,
    pub view: AccountView,
}

/// Which session tokens are for, and which refresh token it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IssueFor {
    pub session_id: SessionId,
    pub counter: i64,
    pub issued_at: Timestamp,
}

/// Whether a registration begins a session at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionOnRegister {
    Yes,
    No,
}

impl AuthService {
    pub(crate) fn new(db: Db, inner: Inner) -> Self {
        let inner = Arc::new(inner);
        Self { db, inner }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn keys(&self) -> &SigningKeys {
        &self.inner.keys
    }

    /// Tells whether an access token is good, for those who cannot verify one themselves.
    pub(crate) fn validate(&self, token: &str) -> Result<Validated, Refusal> {
        let principal = self.vouch(token)?;
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
    fn vouch(&self, token: &str) -> Result<Arc<Principal>, Refusal> {
        let principal = self.inner.verifier.verify(token)?;
        let is_stale = matches!(self.inner.verifier.revocations().health(), FeedHealth::Stale(_));
        if is_stale && principal.roles.includes(Role::Staff) {
            return Err(Refusal::NoRevocations);
        }
        Ok(principal)
    }

    /// An account; `None` where there is none (any more, although a token of it may live).
    pub(crate) async fn find_account(&self, user_id: UserId) -> Result<Option<SeenAccount>, AuthFailure> {
        let now = self.inner.clock.now();
        let found = self.db.read(async move |reader: &mut Reader| {
            let Some(account) = store::find_by_id(reader, user_id).await? else {
                return Ok(None);
            };
            let open = store::count_open_sessions(reader, user_id, now).await?;
            Ok(Some(SeenAccount {
                version: account.epoch,
                view: account_view(account, open),
            }))
        });
        Ok(found.await?)
    }
}

fn account_view(account: Account, open_sessions: i64) -> AccountView {
    AccountView {
        user_id: account.user_id,
        username: account.username,
        email: account.email,
        email_verified: account.email_verified,
        roles: included(account.role),
        status: account.status,
        sessions: u64::try_from(open_sessions).unwrap_or(0),
        created_at: account.created_at,
    }
}

/// A role and the ones it includes, so that whoever reads a token need not know the order.
pub(crate) fn included(role: Role) -> Vec<Role> {
    Role::ALL.into_iter().filter(|other| *other <= role).collect()
}

impl Inner {
    /// The tokens of a session, once what they say is stored.
    pub(crate) fn tokens(&self, account: &Account, issue: IssueFor) -> auth_api::Session {
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
            jti: TokenId::from(self.ids.uuid()),
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
        auth_api::Session {
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
