//! The keys that auth signs and seals with: configured, or made on first start, and then kept in the
//! database, where every process of the service finds the same ones.

mod boot;
mod ring;
mod seal;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use auth_api::{KeyView, TokenConfig};
use aws_lc_rs::hmac;
use kit_runtime::{Secret, Timestamp};
use kit_token::{Claims, Jwks, KeyError, SigningKey};
use thiserror::Error;

pub(crate) use boot::{BootKey, new_pair};
pub(crate) use seal::Seal;

use crate::config::SHORTEST_SECRET;
use crate::store::StoredKey;
use ring::LoadedRing;

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub(crate) enum SigningError {
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
    /// What tokens and keys are sealed with could be guessed.
    #[error(
        "the secret in `{path}` must have at least {SHORTEST_SECRET} bytes; remove the file to get a new one"
    )]
    ShortSecret {
        /// Where it is.
        path: PathBuf,
    },
    /// The file's key is of another kind than the configuration asks for.
    #[error("`{path}` holds a key for {found}, and `auth.algorithm` asks for {requested}")]
    OtherAlgorithm {
        /// Where it is.
        path: PathBuf,
        /// Its kind.
        found: &'static str,
        /// What is configured.
        requested: &'static str,
    },
    /// A key in the database was sealed with another secret.
    #[error(
        "the key `{kid}` in the database does not open with this `auth.secret`; processes of auth share it"
    )]
    Sealed {
        /// The key's name.
        kid: String,
    },
    /// There is none that may sign.
    #[error("no signing key is left")]
    NoKey,
}

/// Signs access tokens, and seals refresh tokens.
pub(crate) struct SigningKeys {
    pub refresh: hmac::Key,
    source: Source,
}

enum Source {
    /// One secret, shared with every verifier.
    Shared(SigningKey),
    /// Key pairs out of the database.
    Pairs(Pairs),
}

struct Pairs {
    seal: Seal,
    /// For how long a token can live that a key signed last.
    token_life: Duration,
    ring: ArcSwap<LoadedRing>,
}

impl SigningKeys {
    /// Keys that are one shared secret.
    pub(crate) fn shared(token: &TokenConfig, seal: &Seal) -> Result<Option<Self>, SigningError> {
        let Some(secret) = &token.jwt_secret else {
            return Ok(None);
        };
        let key = SigningKey::hs256(&Secret::new(secret.expose().clone().into_bytes()))?;
        Ok(Some(Self {
            refresh: seal.refresh_key(),
            source: Source::Shared(key),
        }))
    }

    /// Keys out of the database, whose rows were just read.
    pub(crate) fn pairs(
        seal: Seal,
        token_life: Duration,
        rows: &[StoredKey],
        now: Timestamp,
    ) -> Result<Self, SigningError> {
        let ring = LoadedRing::load(rows, &seal, token_life, now)?;
        let refresh = seal.refresh_key();
        let pairs = Pairs {
            seal,
            token_life,
            ring: ArcSwap::from_pointee(ring),
        };
        Ok(Self {
            refresh,
            source: Source::Pairs(pairs),
        })
    }

    /// Takes the keys as they are in the database now.
    pub(crate) fn sync(&self, rows: &[StoredKey], now: Timestamp) -> Result<(), SigningError> {
        let Source::Pairs(pairs) = &self.source else {
            return Ok(());
        };
        if pairs.ring.load().is_current(rows, now) {
            return Ok(());
        }
        let loaded = Arc::new(LoadedRing::load(rows, &pairs.seal, pairs.token_life, now)?);
        // Of two who read at once, the one who read first may come last.
        pairs.ring.rcu(|known| {
            let newest = if known.is_ahead_of(rows) { known } else { &loaded };
            Arc::clone(newest)
        });
        Ok(())
    }

    /// The seal of new keys; nothing where a shared secret is in use.
    pub(crate) fn seal(&self) -> Option<&Seal> {
        match &self.source {
            Source::Shared(_) => None,
            Source::Pairs(pairs) => Some(&pairs.seal),
        }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        match &self.source {
            Source::Shared(key) => key.sign(claims),
            Source::Pairs(pairs) => pairs.ring.load().active().sign(claims),
        }
    }

    /// What verifiers get; nothing of a shared secret.
    pub(crate) fn public_keys(&self) -> Jwks {
        match &self.source {
            Source::Shared(_) => Jwks { keys: Vec::new() },
            Source::Pairs(pairs) => pairs.ring.load().public_keys(),
        }
    }

    /// Names what [`SigningKeys::public_keys`] holds.
    pub(crate) fn set_name(&self) -> String {
        match &self.source {
            Source::Shared(_) => "shared".to_owned(),
            Source::Pairs(pairs) => pairs.ring.load().name().to_owned(),
        }
    }

    /// The algorithm of new tokens.
    pub(crate) fn algorithm(&self) -> &'static str {
        match &self.source {
            Source::Shared(key) => key.algorithm().as_str(),
            Source::Pairs(pairs) => pairs.ring.load().active().algorithm().as_str(),
        }
    }

    /// Every key that still matters.
    pub(crate) fn views(&self) -> Vec<KeyView> {
        match &self.source {
            Source::Shared(_) => Vec::new(),
            Source::Pairs(pairs) => pairs.ring.load().views(),
        }
    }
}
