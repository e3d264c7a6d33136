//! What other services may ask of auth.

use kit_rpc::CallContext;
use kit_token::{Jwks, Role, UserId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

kit_rpc::contract! {
    /// What other services may ask of auth.
    pub trait Auth("auth"), client AuthClient, error AuthError {
        /// The public keys that access tokens verify with; empty where a shared secret is in use.
        query key_set(GetKeySet) -> Jwks;
        /// Who an account belongs to.
        query get_identity(GetIdentity) -> Identity;
    }
}

kit_rpc::contract_error!(AuthError);

/// Stands for auth where it is neither here nor configured: a process with a public key file may do without.
pub struct NoAuth;

impl Auth for NoAuth {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        Err(AuthError::Unavailable)
    }

    async fn get_identity(&self, _: &CallContext, _: GetIdentity) -> Result<Identity, AuthError> {
        Err(AuthError::Unavailable)
    }
}

/// Asks for the public keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GetKeySet {}

/// Asks whose account this is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GetIdentity {
    /// The account.
    pub user_id: UserId,
}

/// Who an account belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identity {
    /// The account.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub roles: Vec<Role>,
}

/// Why auth could not answer.
#[derive(Clone, Debug, Error, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AuthError {
    /// There is no such account.
    #[error("there is no such account")]
    UnknownAccount,
    /// Auth is away; surely nothing was done.
    #[error("auth is unavailable")]
    Unavailable,
    /// The connection broke; it may have been done.
    #[error("auth's answer was lost")]
    Unknown,
    /// Auth failed.
    #[error("auth failed")]
    Internal,
}
