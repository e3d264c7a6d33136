//! The service's secret, and what is made of it: the key of refresh tokens, and the key that private keys are
//! sealed with in the database.

use aws_lc_rs::hmac;
use kit_db::{SealingKey, derive_key};
use kit_runtime::Secret;

/// Keys made of one secret, each for one purpose.
#[derive(Clone)]
pub(crate) struct Seal {
    refresh: Secret<[u8; 32]>,
    stored: SealingKey,
}

impl Seal {
    pub(crate) fn new(secret: &Secret<String>) -> Self {
        Self {
            refresh: derive_key(secret, "stoa auth refresh tokens"),
            stored: SealingKey::new(secret, "stoa auth stored keys"),
        }
    }

    /// The key of refresh tokens.
    pub(crate) fn refresh_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.refresh.expose())
    }

    /// Seals a text for the database, bound to the name it is stored under; `None` where the library refuses.
    pub(crate) fn seal(&self, name: &str, text: &Secret<String>) -> Option<String> {
        self.stored.seal(name, text)
    }

    /// Opens what was sealed under this name with this secret.
    pub(crate) fn open(&self, name: &str, sealed: &str) -> Option<Secret<String>> {
        self.stored.open(name, sealed)
    }
}
