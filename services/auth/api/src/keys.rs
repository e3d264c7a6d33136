//! What a process is told about access tokens by its configuration.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit_config::{Check, Span};
use kit_runtime::Secret;
use kit_token::{KeyError, KeySet, VerifierRules};
use thiserror::Error;

/// In less, a feed that is asked twice a second may be silent for no reason.
const LEAST_MAX_AGE: Duration = Duration::from_secs(2);
/// The clocks of an installation's processes differ by less.
const LEEWAY: Duration = Duration::from_secs(5);
const SHORTEST_SECRET: usize = 32;

kit_config::config_choice! {
    /// How a process learns that a token is revoked.
    pub enum Revocation {
        /// It asks auth.
        Feed = "feed",
        /// It does not.
        Off = "off",
    }
}

kit_config::config! {
    /// Access tokens: what every process that verifies one must agree on.
    pub struct TokenConfig("token") {
        /// The `iss` of every token; the address at which the platform is known.
        issuer: String = "http://127.0.0.1:8080",
        /// The `aud` of every token.
        audience: String = "stoa",
        /// How long an access token lives, in whole seconds; none that claims to live longer is accepted.
        expiry: Span = "24h",
        /// Sign and verify with this shared secret (HS256) in place of a key pair; at least 32 bytes.
        jwt_secret: Option<Secret<String>>,
        /// Verify with the public keys in this PEM file and never ask auth for them.
        public_key_file: Option<PathBuf>,
        /// Whether to ask auth, twice a second, what was revoked. `off` makes a service independent of auth
        /// where it also has a public key file, and leaves revoked tokens good until they expire.
        revocation: Revocation = "feed",
        /// How old the last good answer may be, at least 2 s; past that, routes for staff and admins are refused.
        revocation_max_age: Span = "60s",
    }
    validate(check)
}

fn check(config: &TokenConfig, check: &mut Check<'_>) {
    let expiry = Duration::from(config.expiry);
    // A token counts in seconds, so a fraction of one would make it live longer than is accepted.
    if expiry.is_zero() || expiry.subsec_nanos() != 0 {
        check.refuse("expiry", "must be whole seconds, at least one");
    }
    if Duration::from(config.revocation_max_age) < LEAST_MAX_AGE {
        check.refuse("revocation_max_age", "must be at least 2s");
    }
    if let Some(secret) = &config.jwt_secret {
        if secret.expose().len() < SHORTEST_SECRET {
            check.refuse("jwt_secret", "must have at least 32 bytes");
        }
        check.require_strong("jwt_secret", secret);
        if config.public_key_file.is_some() {
            check.refuse(
                "public_key_file",
                "cannot be set beside `token.jwt_secret`: tokens verify with one or the other",
            );
        }
    }
}

impl TokenConfig {
    /// What a verifier of this platform insists on, whose clock may be another than the signer's.
    pub fn rules(&self) -> VerifierRules {
        VerifierRules {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            max_lifetime: self.expiry.into(),
            leeway: LEEWAY,
        }
    }
}

/// Why the configured keys cannot be used.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the public key file `{path}` cannot be read: {reason}")]
    File {
        /// As configured.
        path: PathBuf,
        /// Why not.
        reason: std::io::Error,
    },
    /// It does not hold usable keys.
    #[error("the public key file `{path}` cannot be used: {reason}")]
    KeyFile {
        /// As configured.
        path: PathBuf,
        /// Why not.
        reason: KeyError,
    },
    /// The configured secret cannot be used.
    #[error("`token.jwt_secret` cannot be used: {0}")]
    Secret(#[from] KeyError),
}

/// The keys that the configuration itself names, if it does; else they are auth's to tell.
pub(crate) fn configured(config: &TokenConfig) -> Result<Option<KeySet>, KeysError> {
    match (&config.jwt_secret, &config.public_key_file) {
        (Some(secret), _) => {
            let secret = Secret::new(secret.expose().clone().into_bytes());
            Ok(Some(KeySet::from_secret(&secret)?))
        }
        (None, Some(path)) => Ok(Some(public_keys(path)?)),
        (None, None) => Ok(None),
    }
}

fn public_keys(path: &Path) -> Result<KeySet, KeysError> {
    KeySet::from_public_pem(&read(path)?).map_err(|reason| KeysError::KeyFile {
        path: path.to_owned(),
        reason,
    })
}

fn read(path: &Path) -> Result<String, KeysError> {
    let failed = |reason| KeysError::File {
        path: path.to_owned(),
        reason,
    };
    let found = kit_config::secret_file::read(path).map_err(failed)?;
    let bytes = found.ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
    String::from_utf8(bytes.expose().clone()).map_err(|_| failed(ErrorKind::InvalidData.into()))
}
