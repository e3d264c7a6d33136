//! The JSON of auth's public routes.

use std::collections::BTreeMap;

use kit_runtime::Timestamp;
use kit_token::{Role, SessionId, UserId};
use kit_values::{EmailAddress, Username, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /register`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// 3 to 32 of `A-Z a-z 0-9 _ . -`, unique without case.
    #[schemars(with = "Username")]
    pub username: String,
    /// Unique without case.
    #[schemars(with = "EmailAddress")]
    pub email: String,
    /// 8 to 128 characters, and none of the common ones.
    pub password: String,
}

/// A new account.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Registered {
    /// The identifier of the new account.
    pub user_id: UserId,
    /// The username, as it was registered.
    pub username: String,
    /// A text for humans.
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
    /// The tokens of the session.
    #[serde(flatten)]
    pub session: Session,
    /// The user who signed in.
    pub user_id: UserId,
    /// The username of the account.
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
    /// The user to whom the token was issued.
    pub user_id: UserId,
    /// Their name when it was signed.
    pub username: String,
    /// Their roles when it was signed.
    pub roles: Vec<Role>,
    /// Whether `admin` is among them.
    pub is_admin: bool,
    /// When the token expires (UTC).
    pub expires_at: Timestamp,
}

words! {
    /// Whether an account may be used.
    pub enum AccountStatus {
        /// It may sign in.
        Active = "active",
        /// It may not.
        Disabled = "disabled",
    }
}

/// `GET /me`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct AccountView {
    /// The identifier of the account.
    pub user_id: UserId,
    /// The username of the account.
    pub username: String,
    /// The email address of the account.
    pub email: String,
    /// Whether they proved that it is theirs.
    pub email_verified: bool,
    /// The roles of the account.
    pub roles: Vec<Role>,
    /// Whether the account may be used.
    pub status: AccountStatus,
    /// How many sessions are open.
    pub sessions: u64,
    /// When the account was created (UTC).
    pub created_at: Timestamp,
}

/// `POST /refresh`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    /// The newest refresh token of the session.
    pub refresh_token: String,
}

/// `POST /logout`; the body may be left out.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogOut {
    /// A refresh token of another session of the caller's that shall end too.
    #[serde(default)]
    pub refresh_token: Option<String>,
}

/// Something was done.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Done {
    /// What was done, as text for humans.
    pub message: String,
}

/// One of the caller's sessions.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct SessionView {
    /// The identifier of the session.
    pub id: SessionId,
    /// What it was begun with, as the `User-Agent` said.
    pub device: String,
    /// The IP address from which the request came.
    pub ip: String,
    /// When the session began (UTC).
    pub created_at: Timestamp,
    /// When the session was refreshed last (UTC).
    pub last_used_at: Timestamp,
    /// Whether this is the session of the request itself.
    pub current: bool,
}

/// `POST /password`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password until now.
    pub current_password: String,
    /// The password from now on, as for a new account.
    pub new_password: String,
}

/// `POST /password/forgot` and `POST /email/confirm/resend`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTo {
    /// The address of the account.
    #[schemars(with = "EmailAddress")]
    pub email: String,
}

/// `POST /password/reset`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// From the link in the mail.
    pub token: String,
    /// The password from now on, as for a new account.
    pub new_password: String,
}

/// `POST /email/confirm`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// From the link in the mail.
    pub token: String,
}

/// `PATCH /admin/accounts/{id}`: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchAccount {
    /// The roles from now on; the highest counts, and includes the ones before it.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
    /// Whether the account may be used.
    #[serde(default)]
    pub status: Option<AccountStatus>,
}

/// The query of `GET /admin/accounts`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountQuery {
    /// A part of the name or the address.
    pub q: Option<String>,
    /// Accounts whose highest role this is.
    pub role: Option<Role>,
    /// Accounts that may, or may not, be used.
    pub status: Option<AccountStatus>,
}

/// A key of the ring.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct KeyView {
    /// The key identifier, as in the `kid` of tokens.
    pub kid: String,
    /// The signature algorithm of the key.
    pub algorithm: String,
    /// The present state of the key.
    pub state: KeyState,
    /// When the key was created (UTC).
    pub created_at: Timestamp,
    /// From when the key signs (UTC).
    pub active_from: Timestamp,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It is published, and will sign.
    Next,
    /// It signs.
    Active,
    /// It signed, and what it signed is still good.
    Retired,
    /// Nothing it signed is good any more.
    Withdrawn,
}

/// The key ring.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct KeyList {
    /// Every key that still matters, the oldest first.
    pub items: Vec<KeyView>,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// Its name; later lines sort after earlier ones.
    pub id: String,
    /// When the entry was written (UTC).
    pub at: Timestamp,
    /// Who: a user's identifier, or what acted.
    pub actor: String,
    /// What was done, such as `session.started`, or service and operation, such as `orders.ship_order`.
    pub action: String,
    /// The account, session or key that was acted on; of other services the path of the request.
    pub subject: String,
    /// The IP address from which the request came.
    pub ip: String,
    /// Further details, as text for humans.
    pub detail: String,
}

/// `GET /` on auth's own port.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct ApiIndex {
    /// Always `ok`.
    pub status: String,
    /// A text for humans.
    pub message: String,
    /// Paths of the endpoints, by name.
    pub endpoints: BTreeMap<String, String>,
}

/// The query of `GET /setup`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpQuery {
    /// From the set-up link.
    pub token: String,
}

/// `POST /setup`: the form of the set-up page.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the set-up link.
    pub token: String,
    /// As for any account.
    #[schemars(with = "Username")]
    pub username: String,
    /// As for any account.
    #[schemars(with = "EmailAddress")]
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
