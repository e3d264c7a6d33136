//! A key that tokens are verified with, and what can be wrong with a key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use aws_lc_rs::{digest, hmac};
use kit_runtime::Secret;
use kit_values::words;
use thiserror::Error;

use crate::encoding::base64url;
use crate::public_key::PublicKey;

/// RFC 7518, section 3.2: a secret of at least the digest's length.
const LEAST_SECRET: usize = 32;

words! {
    /// How a token is signed (RFC 7518, RFC 8037).
    pub enum Algorithm {
        /// RSA, PKCS#1 v1.5, with SHA-256.
        Rs256 = "RS256",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
        /// HMAC with SHA-256: whoever verifies can also sign.
        Hs256 = "HS256",
    }
}

/// Why a key, or a set of keys, is not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not a PEM file.
    #[error("not a PEM file")]
    NotPem,
    /// A PEM file of something else.
    #[error("a PEM block `{label}` is not expected here")]
    PemLabel {
        /// The label of the PEM block.
        label: String,
    },
    /// A private key behind a passphrase.
    #[error("the key is encrypted; store it in the clear, readable by its owner alone")]
    Encrypted,
    /// More or less than one private key in a file.
    #[error("the file does not hold exactly one key")]
    NotOneKey,
    /// A kind of key, a curve or a form that is not supported.
    #[error("the kind of key is not supported; use RSA, P-256 or Ed25519")]
    Unsupported,
    /// A private key that the cryptographic library does not take.
    #[error("the key is rejected: {reason}")]
    Rejected {
        /// The reason, as the library gives it.
        reason: String,
    },
    /// Not what a key of its kind looks like.
    #[error("the key is malformed")]
    Malformed,
    /// An RSA modulus too short to be safe or too long to be sensible.
    #[error("the RSA key has {bits} bits; 2048 to 8192 are allowed")]
    RsaSize {
        /// The length of the modulus, in bits.
        bits: usize,
    },
    /// An RSA exponent that is even, below 65537 or above 32 bits.
    #[error("the RSA key's public exponent is not safe")]
    RsaExponent,
    /// An RSA modulus of the generator with CVE-2017-15361.
    #[error("the RSA key comes from a faulty generator (ROCA, CVE-2017-15361)")]
    RsaRoca,
    /// A point that is not on the curve.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// An Ed25519 point of small order, under which forged signatures verify.
    #[error("the Ed25519 key is of small order")]
    SmallOrder,
    /// An HMAC secret that could be guessed.
    #[error("the secret has {bytes} bytes; at least 32 are needed")]
    SecretTooShort {
        /// The length of the secret, in bytes.
        bytes: usize,
    },
    /// A secret cannot be generated or stored here: it is configured.
    #[error("an `HS256` secret is configured; it is neither generated nor stored as PEM")]
    SecretIsConfigured,
    /// A key of a set without a name to look it up by.
    #[error("a key of the set has no `kid`")]
    NoKid,
    /// Two keys of one name.
    #[error("two keys of the set have the `kid` {kid:?}")]
    DuplicateKid {
        /// The key identifier that occurs twice.
        kid: String,
    },
    /// A shared secret beside public keys.
    #[error("a set holds either one kind or the other: a shared secret or public keys")]
    Mixed,
    /// A set that leaves nothing to verify with.
    #[error("the set holds no key that can verify a token")]
    Empty,
    /// A private key where a public one belongs.
    #[error("the key is private")]
    Private,
    /// Members that do not go together.
    #[error("`{one}` and `{other}` do not go together")]
    Contradiction {
        /// A member of the key.
        one: &'static str,
        /// Another member that contradicts it.
        other: &'static str,
    },
    /// A key of a set is not taken, and so the whole set is not.
    #[error("key {kid:?} of the set: {problem}")]
    InSet {
        /// The identifier of the key.
        kid: String,
        /// Why the key cannot be used.
        #[source]
        problem: Box<KeyError>,
    },
    /// The cryptographic library could not make or write a key.
    #[error("the cryptographic library failed")]
    Library,
}

/// A key with its name and its algorithm, ready to verify.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    kid: String,
    algorithm: Algorithm,
    /// Of the key itself, whatever its name.
    fingerprint: [u8; 32],
    material: Material,
}

#[derive(Clone)]
enum Material {
    Public(ParsedPublicKey),
    Shared(Arc<hmac::Key>),
}

impl VerifyingKey {
    pub(crate) fn public(kid: String, key: &PublicKey) -> Result<Self, KeyError> {
        Ok(Self {
            kid,
            algorithm: key.algorithm(),
            fingerprint: key.thumbprint(),
            material: Material::Public(key.parsed()?),
        })
    }

    /// A shared secret; named after itself unless a name is given.
    ///
    /// The name that RFC 7638 gives to a secret is its plain hash, and the RFC warns of publishing it. So the
    /// secret is named by a MAC under it instead.
    pub(crate) fn shared(kid: Option<String>, secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let secret = secret.expose();
        if secret.len() < LEAST_SECRET {
            return Err(KeyError::SecretTooShort { bytes: secret.len() });
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(hmac::sign(&key, b"kit-token: key id").as_ref());
        Ok(Self {
            kid: kid.unwrap_or_else(|| base64url(fingerprint)),
            algorithm: Algorithm::Hs256,
            fingerprint,
            material: Material::Shared(Arc::new(key)),
        })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.material, Material::Shared(_))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
            Material::Shared(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.kid, self.algorithm, self.fingerprint) == (&other.kid, other.algorithm, other.fingerprint)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.algorithm, self.kid)
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_refused() {
        let key = |bytes| VerifyingKey::shared(None, &Secret::new(vec![7; bytes]));
        for bytes in [0, 31] {
            assert_eq!(key(bytes).err(), Some(KeyError::SecretTooShort { bytes }));
        }
        assert!(key(32).is_ok());
    }

    #[test]
    fn an_algorithm_has_one_name_in_text_and_in_json() {
        for algorithm in Algorithm::ALL {
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for other in ["none", "rs256", "RS384", ""] {
            assert!(other.parse::<Algorithm>().is_err(), "{other}");
        }
    }
}
