//! Auth's use cases: each loads, decides and saves, in one unit of work.

mod accounts;
mod audit;
mod cleanup;
mod contract;
mod failure;
mod first_admin;
mod guesses;
mod introspection;
mod keys;
mod login;
mod mail;
mod password;
mod refresh;
mod register;
mod revoking;
mod sessions;
mod tokens;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kit_service::Units;
use kit_token::Verifier;

pub(crate) use audit::By;
pub(crate) use failure::AuthFailure;
pub(crate) use first_admin::SetUpLink;
pub(crate) use guesses::{GuessRules, Guesses};
pub(crate) use introspection::ActiveToken;

use crate::config::SigningAlgorithm;
use crate::domain::PasswordRules;
use crate::hashing::Hasher;
use crate::signing::SigningKeys;

/// What is not there where no account is.
const USER: &str = "User";

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct AuthService(Arc<Inner>);

pub(crate) struct Inner {
    pub units: Units,
    pub hasher: Hasher,
    pub keys: SigningKeys,
    pub guesses: Guesses,
    pub verifier: Verifier,
    pub settings: Settings,
    pub set_up_link: SetUpLink,
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

/// Whether a registration begins a session at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionOnRegister {
    Yes,
    No,
}

impl AuthService {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for AuthService {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
