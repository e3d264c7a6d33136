//! The first key pair: a PEM file that is configured, or made on first start.

use std::path::Path;
use std::time::Duration;

use kit_config::secret_file;
use kit_runtime::{Secret, Timestamp};
use kit_token::{Algorithm, SigningKey};

use super::{Seal, SigningError};
use crate::AuthConfig;
use crate::config::SigningAlgorithm;
use crate::store::StoredKey;

/// The key pair of the file.
pub(crate) struct BootKey {
    pem: Secret<String>,
    kid: String,
    /// Named in the configuration: then it is taken although the database has keys already.
    configured: bool,
}

impl BootKey {
    pub(crate) fn load(config: &AuthConfig, data: &Path) -> Result<Self, SigningError> {
        let requested = algorithm(config.algorithm);
        let path = config
            .signing_key_file
            .clone()
            .unwrap_or_else(|| data.join("keys/signing.pem"));
        let pem = pem(&path, requested)?;
        let key = SigningKey::from_pem(pem.expose());
        let key = key.map_err(|source| SigningError::KeyFile {
            path: path.clone(),
            source,
        })?;
        if key.algorithm() != requested {
            let (found, requested) = (key.algorithm().as_str(), requested.as_str());
            return Err(SigningError::OtherAlgorithm {
                path,
                found,
                requested,
            });
        }
        Ok(Self {
            pem,
            kid: key.kid().to_owned(),
            configured: config.signing_key_file.is_some(),
        })
    }

    /// The row to add to those that are there, if one is missing. Where others sign, it is published for a while
    /// before it does, as after any rotation.
    pub(crate) fn new_row(
        self,
        rows: &[StoredKey],
        seal: &Seal,
        now: Timestamp,
        publish_ahead: Duration,
    ) -> Option<StoredKey> {
        let known = rows.iter().any(|row| row.kid == self.kid);
        let usable = rows.iter().any(|row| row.withdrawn_at.is_none());
        if known || (usable && !self.configured) {
            return None;
        }
        let sealed_key = seal.seal(&self.kid, &self.pem)?;
        Some(StoredKey {
            kid: self.kid,
            sealed_key,
            created_at: now,
            active_from: if usable { now.plus(publish_ahead) } else { now },
            withdrawn_at: None,
        })
    }
}

pub(super) fn algorithm(requested: SigningAlgorithm) -> Algorithm {
    match requested {
        SigningAlgorithm::Rs256 => Algorithm::Rs256,
        SigningAlgorithm::Es256 => Algorithm::Es256,
        SigningAlgorithm::EdDsa => Algorithm::EdDsa,
    }
}

/// A new key pair for the database, which signs from `active_from` on.
pub(crate) fn new_pair(
    requested: SigningAlgorithm,
    seal: &Seal,
    now: Timestamp,
    active_from: Timestamp,
) -> Result<StoredKey, SigningError> {
    let key = SigningKey::generate(algorithm(requested))?;
    let kid = key.kid().to_owned();
    let sealed_key = seal.seal(&kid, &key.to_pem()?).ok_or(SigningError::NoKey)?;
    Ok(StoredKey {
        kid,
        sealed_key,
        created_at: now,
        active_from,
        withdrawn_at: None,
    })
}

fn pem(path: &Path, requested: Algorithm) -> Result<Secret<String>, SigningError> {
    // Made only where there is none: an RSA key takes a while.
    let made = match secret_file::read(path)? {
        Some(_) => String::new(),
        None => SigningKey::generate(requested)?.to_pem()?.expose().clone(),
    };
    Ok(secret_file::read_or_create_text(path, || made)?)
}
