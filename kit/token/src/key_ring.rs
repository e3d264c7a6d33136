//! The keys that auth signs with.

use crate::{Jwks, KeyError, KeySet, SigningKey};

/// Signing keys, one of them active: it signs, while what the others signed is still verified. So a new key
/// can be published before it signs, and an old one until its last token has expired.
#[derive(Debug)]
pub struct KeyRing {
    active: SigningKey,
    others: Vec<SigningKey>,
    key_set: KeySet,
}

impl KeyRing {
    /// `active` signs; `others` are published beside it. Refuses a shared secret beside key pairs, and the
    /// same key twice.
    pub fn new(active: SigningKey, others: Vec<SigningKey>) -> Result<Self, KeyError> {
        let keys = std::iter::once(&active).chain(&others);
        let key_set = KeySet::new(keys.map(|key| key.verifying().clone()).collect())?;
        Ok(Self {
            active,
            others,
            key_set,
        })
    }

    /// The key that signs.
    pub const fn active(&self) -> &SigningKey {
        &self.active
    }

    /// What may be published: nothing for a shared secret.
    pub fn public_keys(&self) -> Jwks {
        let keys = std::iter::once(&self.active).chain(&self.others);
        Jwks {
            keys: keys.filter_map(SigningKey::public_key).collect(),
        }
    }

    /// What verifies the tokens of this ring, a shared secret included.
    pub fn key_set(&self) -> KeySet {
        self.key_set.clone()
    }
}
