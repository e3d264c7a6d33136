//! The JSON of auth's public routes.

use std::collections::BTreeMap;

use kit_runtime::Timestamp;
use kit_token::{Role, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /register`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// 3 to 32 of `A-Z a-z 0-9 _ . -`, unique without case.
    pub username: String,
    /// Unique without case.
    pub email: String,
    /// 8 to 128 characters, and none of the common ones.
    pub password: String,
}

/// A new account.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Registered {
    /// Who it is from now on.
    pub user_id: UserId,
    /// As given.
    pub username: String,
    /// For people.
    pub message: String,
    /// The tokens of a first session, where `auth.token_on_register` asks for them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
}

/// `POST /login`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The username or the e-mail address.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A session has begun.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct LoggedIn {
    /// Its tokens.
    #[serde(flatten)]
    pub session: Session,
    /// Whose session it is.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
}

/// The tokens of a session.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Session {
    /// The access token, a JWT (RFC 9068).
    pub token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// The refresh token, opaque.
    pub refresh_token: String,
    /// Seconds until the refresh token ends.
    pub refresh_expires_in: u64,
    /// The same as `user_id`.
    pub id: UserId,
    /// What they may do; each role includes the ones before it.
    pub roles: Vec<Role>,
}

/// `POST /validate`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validate {
    /// An access token.
    pub token: String,
}

/// The token is good, and whose it is.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Validated {
    /// Always true; a token that is not is refused.
    pub valid: bool,
    /// Whose it is.
    pub user_id: UserId,
    /// Their name when it was signed.
    pub username: String,
    /// Their roles when it was signed.
    pub roles: Vec<Role>,
    /// Whether `admin` is among them.
    pub is_admin: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// It may sign in.
    Active,
    /// It may not.
    Disabled,
}

/// `GET /me`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct AccountView {
    /// Who it is.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Whether they proved that it is theirs.
    pub email_verified: bool,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Whether the account may be used.
    pub status: AccountStatus,
    /// How many sessions are open.
    pub sessions: u64,
    /// When they registered.
    pub created_at: Timestamp,
}

/// `GET /` on auth's own port.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Home {
    /// Always `ok`.
    pub status: String,
    /// For people.
    pub message: String,
    /// Where things are, by name.
    pub endpoints: BTreeMap<String, String>,
}

/// `POST /setup`: the form of the set-up page.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the set-up link.
    pub token: String,
    /// As for any account.
    pub username: String,
    /// As for any account.
    pub email: String,
    /// As for any account.
    pub password: String,
}

/// Authorization server metadata (RFC 8414), as far as it applies.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Metadata {
    /// The `iss` of every token.
    pub issuer: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// Where tokens are given out.
    pub token_endpoint: String,
    /// Where accounts are made.
    pub registration_endpoint: String,
    /// No browser redirects are offered.
    pub response_types_supported: Vec<String>,
    /// How tokens are signed.
    pub token_signing_alg_values_supported: Vec<String>,
}
