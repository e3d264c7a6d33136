//! The keys that auth signs and seals with: configured, or made on first start.

use std::path::{Path, PathBuf};

use auth_api::TokenConfig;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_config::secret_file;
use kit_runtime::{Ids, Secret};
use kit_token::{Algorithm, KeyError, KeyRing, SigningKey};
use thiserror::Error;

use crate::AuthConfig;
use crate::config::{SHORTEST_SECRET, SigningAlgorithm};

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub enum SigningError {
    /// The file cannot be read or made.
    #[error("the key file cannot be used: {0}")]
    File(#[from] std::io::Error),
    /// What it holds cannot be used.
    #[error("the signing key in `{path}` cannot be used: {source}")]
    KeyFile {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The configured secret cannot be used, or no key could be made.
    #[error("the signing key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// What refresh tokens are sealed with could be guessed.
    #[error(
        "the secret in `{path}` must have at least {SHORTEST_SECRET} bytes; remove the file to get a new one"
    )]
    ShortSecret {
        /// Where it is.
        path: PathBuf,
    },
    /// The file's key is of another kind than the configuration asks for.
    #[error("`{path}` holds a key for {found}, and `auth.algorithm` asks for {wanted}")]
    OtherAlgorithm {
        /// Where it is.
        path: PathBuf,
        /// Its kind.
        found: &'static str,
        /// What is configured.
        wanted: &'static str,
    },
}

/// Signs access tokens and seals refresh tokens.
pub(crate) struct SigningKeys {
    pub ring: KeyRing,
    pub refresh: hmac::Key,
}

impl SigningKeys {
    pub(crate) fn load(
        config: &AuthConfig,
        token: &TokenConfig,
        data: &Path,
        ids: &Ids,
    ) -> Result<Self, SigningError> {
        let active = match &token.jwt_secret {
            Some(secret) => SigningKey::hs256(&Secret::new(secret.expose().clone().into_bytes()))?,
            None => key_pair(config, data)?,
        };
        let refresh = match &config.refresh_secret {
            Some(secret) => secret.expose().clone(),
            None => refresh_secret(data.join("keys/refresh.secret"), ids)?,
        };
        Ok(Self {
            ring: KeyRing::new(active, Vec::new())?,
            refresh: hmac::Key::new(hmac::HMAC_SHA256, refresh.as_bytes()),
        })
    }
}

fn refresh_secret(path: PathBuf, ids: &Ids) -> Result<String, SigningError> {
    let secret = stored(&path, || URL_SAFE_NO_PAD.encode(ids.random::<32>()))?;
    // A file that was cut short would otherwise be a secret that anybody can guess.
    if secret.len() < SHORTEST_SECRET {
        return Err(SigningError::ShortSecret { path });
    }
    Ok(secret)
}

fn key_pair(config: &AuthConfig, data: &Path) -> Result<SigningKey, SigningError> {
    let wanted = match config.algorithm {
        SigningAlgorithm::Rs256 => Algorithm::Rs256,
        SigningAlgorithm::Es256 => Algorithm::Es256,
        SigningAlgorithm::EdDsa => Algorithm::EdDsa,
    };
    let path = config
        .signing_key_file
        .clone()
        .unwrap_or_else(|| data.join("keys/signing.pem"));
    // Made only where there is none: an RSA key takes a while.
    let made = if secret_file::read(&path)?.is_none() {
        SigningKey::generate(wanted)?.to_pem()?.expose().clone()
    } else {
        String::new()
    };
    let pem = stored(&path, || made)?;
    let key = SigningKey::from_pem(&pem).map_err(|source| SigningError::KeyFile {
        path: path.clone(),
        source,
    })?;
    if key.algorithm() != wanted {
        return Err(SigningError::OtherAlgorithm {
            path,
            found: key.algorithm().as_str(),
            wanted: wanted.as_str(),
        });
    }
    Ok(key)
}

fn stored(path: &Path, make: impl FnOnce() -> String) -> Result<String, SigningError> {
    Ok(secret_file::read_or_create_text(path, make)?.expose().clone())
}
