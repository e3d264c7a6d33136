//! The keys that a process verifies with.

use std::fmt;
use std::sync::Arc;

use kit_runtime::Secret;

use crate::key::VerifyingKey;
use crate::public_key::PublicKey;
use crate::{Jwks, KeyError, encoding, pem};

/// Keys by name, every one of them safe to believe. A cheap handle.
///
/// Two sets are equal when they hold the same keys under the same names in the same order.
#[derive(Clone, PartialEq)]
pub struct KeySet(Arc<[VerifyingKey]>);

impl KeySet {
    pub(crate) fn new(keys: Vec<VerifyingKey>) -> Result<Self, KeyError> {
        let Some(first) = keys.first() else {
            return Err(KeyError::Empty);
        };
        if keys.iter().any(|key| key.is_shared() != first.is_shared()) {
            return Err(KeyError::Mixed);
        }
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].iter().any(|earlier| earlier.kid() == key.kid()) {
                return Err(KeyError::DuplicateKid {
                    kid: key.kid().to_owned(),
                });
            }
        }
        Ok(Self(keys.into()))
    }

    /// The keys of a published set.
    ///
    /// Keys that are none of ours (for encryption, of another kind, curve or algorithm) are left out, so that
    /// a newer auth may publish them. One that claims to be ours and is weak, malformed, private, nameless or
    /// at odds with itself makes the whole set refused: whoever published it is not to be believed.
    pub fn from_jwks(jwks: &Jwks) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(jwks.keys.len());
        for jwk in &jwks.keys {
            let key = jwk.verifying_key().map_err(|problem| match &jwk.kid {
                None => problem,
                Some(kid) => KeyError::InSet {
                    kid: kid.clone(),
                    problem: Box::new(problem),
                },
            })?;
            keys.extend(key);
        }
        Self::new(keys)
    }

    /// The public keys of a PEM file: one or, for the time of a rotation, several, each named by its
    /// thumbprint (RFC 7638) just as auth names it.
    pub fn from_public_pem(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for block in pem::read(text)? {
            let key = match block.label.as_str() {
                "PUBLIC KEY" => PublicKey::from_spki(&block.der)?,
                "RSA PUBLIC KEY" => PublicKey::from_pkcs1(&block.der)?,
                label if label.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
                _ => return Err(KeyError::PemLabel { label: block.label }),
            };
            let kid = encoding::base64url(key.thumbprint());
            keys.push(VerifyingKey::public(kid, &key)?);
        }
        Self::new(keys)
    }

    /// A shared secret of at least 32 bytes, for `HS256`.
    pub fn from_secret(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(vec![VerifyingKey::shared(None, secret)?])
    }

    /// The identifiers of the keys.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(VerifyingKey::kid)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key.kid() == kid)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter()).finish()
    }
}
