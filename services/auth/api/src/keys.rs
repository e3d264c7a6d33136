//! How a process comes by the keys it verifies access tokens with.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit_config::{Check, Span};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{ReadinessGate, Secret, Stop, Tasks};
use kit_token::{KeyError, KeySet, Verifier, VerifierRules};
use thiserror::Error;

use crate::{AuthClient, GetKeySet};

/// Between two looks at the key set. A new key is published well before anything is signed with it.
const REFRESH: Duration = Duration::from_secs(5);
/// While there is no key set at all.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const CALL_LIMIT: Duration = Duration::from_secs(2);
const LEEWAY: Duration = Duration::from_secs(30);
const SHORTEST_SECRET: usize = 32;

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
    }
    validate(check)
}

fn check(config: &TokenConfig, check: &mut Check<'_>) {
    let expiry = Duration::from(config.expiry);
    // A token counts in seconds, so a fraction of one would make it live longer than is accepted.
    if expiry.is_zero() || expiry.subsec_nanos() != 0 {
        check.refuse("expiry", "must be whole seconds, at least one");
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
    /// What a verifier of this platform insists on.
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

/// Keeps a verifier's keys current.
pub struct KeyWatch {
    /// Who verifies.
    pub verifier: Verifier,
    /// Open once there are keys.
    pub gate: ReadinessGate,
}

impl KeyWatch {
    /// Takes the keys from the configuration where it names some, else from auth: at once if auth is in
    /// this process, and again every few seconds. The last good key set stays when auth is away.
    pub fn start(self, config: &TokenConfig, auth: AuthClient, tasks: &Tasks) -> Result<(), KeysError> {
        let fixed = match (&config.jwt_secret, &config.public_key_file) {
            (Some(secret), _) => Some(KeySet::from_secret(&Secret::new(
                secret.expose().clone().into_bytes(),
            ))?),
            (None, Some(path)) => Some(public_keys(path)?),
            (None, None) => None,
        };
        match fixed {
            Some(keys) => {
                self.verifier.replace_keys(keys);
                self.gate.open();
            }
            None => self.follow(auth, tasks),
        }
        Ok(())
    }

    fn follow(self, auth: AuthClient, tasks: &Tasks) {
        let Self { verifier, gate } = self;
        tasks.supervise("token.keys", move |stop| {
            follow(verifier.clone(), gate.clone(), auth.clone(), stop)
        });
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

async fn follow(
    verifier: Verifier,
    gate: ReadinessGate,
    auth: AuthClient,
    stop: Stop,
) -> Result<(), kit_runtime::TaskError> {
    let mut known = None;
    loop {
        let call = CallContext::new(Actor::Service("token-keys".into()), Deadline::after(CALL_LIMIT));
        match auth.key_set(&call, GetKeySet {}).await {
            Ok(jwks) if known.as_ref() != Some(&jwks) => {
                verifier.replace_keys(KeySet::from_jwks(&jwks)?);
                gate.open();
                known = Some(jwks);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the key set could not be loaded");
                if !verifier.has_keys() {
                    gate.close("the key set could not be loaded from auth yet");
                }
            }
        }
        let pause = if verifier.has_keys() { REFRESH } else { FIRST_RETRY };
        if !stop.sleep(pause).await {
            return Ok(());
        }
    }
}
