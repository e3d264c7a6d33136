//! What other services may ask of auth.

use kit_rpc::{CallContext, CallError};
use kit_runtime::Timestamp;
use kit_token::{Jwks, Role, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{AuditEntry, AuthRefusal};

kit_rpc::contract! {
    /// What other services may ask of auth.
    pub trait Auth("auth"), client AuthClient, error AuthError {
        /// The public keys that access tokens verify with; empty where a shared secret is in use.
        query key_set(GetKeySet) -> Jwks;
        /// What was revoked since the last time one asked.
        query revocations(GetRevocations) -> RevocationNews;
        /// Who an account belongs to.
        query get_identity(GetIdentity) -> Identity;
        /// Adds to the audit log what was done by a role elsewhere. Lines that it has are passed over.
        command record_audit(RecordAudit) -> ();
    }
}

/// Why auth did not do what another service asked. An account that is not there is `NotFound("User")`.
pub type AuthError = CallError<AuthRefusal>;

/// Stands for auth where it is neither here nor configured: a process with a public key file may do without.
pub struct NoAuth;

impl Auth for NoAuth {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        Err(AuthError::Unavailable)
    }

    async fn revocations(&self, _: &CallContext, _: GetRevocations) -> Result<RevocationNews, AuthError> {
        Err(AuthError::Unavailable)
    }

    async fn get_identity(&self, _: &CallContext, _: GetIdentity) -> Result<Identity, AuthError> {
        Err(AuthError::Unavailable)
    }

    async fn record_audit(&self, _: &CallContext, _: RecordAudit) -> Result<(), AuthError> {
        Err(AuthError::Unavailable)
    }
}

/// Asks for the public keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GetKeySet {}

/// Asks for what was revoked after `after`, or for everything that still matters.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GetRevocations {
    /// The cursor of the answer before; nothing for a snapshot.
    pub after: Option<RevocationCursor>,
}

/// How far one has read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RevocationCursor {
    /// When the last entry was made.
    pub at: Timestamp,
    /// Which one it was of those made then.
    pub id: String,
}

/// What was revoked. The same entry may come again; entries merge by union and by the larger epoch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RevocationNews {
    /// Sessions that ended.
    pub sessions: Vec<SessionId>,
    /// Users of whom only tokens of this epoch or a later one are good.
    pub epochs: Vec<(UserId, i64)>,
    /// The cursor of the next request.
    pub cursor: Option<RevocationCursor>,
    /// There is more to be had at once.
    pub more: bool,
    /// Names the key set; another name means that the keys changed.
    pub key_set: String,
}

/// Asks whose account this is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GetIdentity {
    /// The identifier of the account.
    pub user_id: UserId,
}

/// Asks to add lines to the audit log.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RecordAudit {
    /// The lines, under the identifiers that they keep.
    pub lines: Vec<AuditEntry>,
}

/// Who an account belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identity {
    /// The identifier of the account.
    pub user_id: UserId,
    /// The username of the account.
    pub username: String,
    /// The email address of the account.
    pub email: String,
    /// The roles of the account.
    pub roles: Vec<Role>,
}
