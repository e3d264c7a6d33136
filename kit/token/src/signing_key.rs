//! Keys that tokens are signed with.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use kit_runtime::Secret;

use crate::encoding::base64url;
use crate::key::VerifyingKey;
use crate::public_key::{Kind, PublicKey};
use crate::{Algorithm, Claims, Jwk, KeyError, jws, pem};

static P256: &EcdsaSigningAlgorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;

/// A private key, or a shared secret, with its name.
pub struct SigningKey {
    pair: Pair,
    public: Option<PublicKey>,
    verifying: VerifyingKey,
    /// The encoded header and its dot: the same for every token of this key.
    header: String,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Shared(Box<hmac::Key>),
}

impl SigningKey {
    /// Makes a new key pair; RSA gets 2048 bits, which takes a tenth of a second or more. A secret for `HS256`
    /// is never made, since it comes from the configuration.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::Es256 => EcdsaKeyPair::generate(P256).map(Pair::P256),
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
            Algorithm::Hs256 => return Err(KeyError::SecretIsConfigured),
        };
        Self::of_pair(pair.map_err(|_| KeyError::Library)?)
    }

    /// Reads the one private key of a PEM file: PKCS#8 (`PRIVATE KEY`), or openssl's older forms for RSA
    /// (`RSA PRIVATE KEY`) and P-256 (`EC PRIVATE KEY`).
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let blocks = pem::read(text)?;
        let [block] = blocks.as_slice() else {
            return Err(KeyError::NotOneKey);
        };
        let pair = match block.label.as_str() {
            "PRIVATE KEY" => Pair::from_pkcs8(&block.der)?,
            "RSA PRIVATE KEY" => Pair::rsa(&block.der, RsaKeyPair::from_der)?,
            "EC PRIVATE KEY" => Pair::from_sec1(&block.der)?,
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            label => {
                return Err(KeyError::PemLabel {
                    label: label.to_owned(),
                });
            }
        };
        Self::of_pair(pair)
    }

    /// A shared secret of at least 32 bytes.
    pub fn hs256(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::shared(None, secret)?;
        let pair = Pair::Shared(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret.expose())));
        Ok(Self::new(pair, None, verifying))
    }

    fn of_pair(pair: Pair) -> Result<Self, KeyError> {
        let public = match &pair {
            Pair::Rsa(pair) => PublicKey::from_pkcs1(pair.public_key().as_ref())?,
            Pair::P256(pair) => PublicKey::from_sec1(pair.public_key().as_ref())?,
            Pair::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref())?,
            Pair::Shared(_) => return Err(KeyError::SecretIsConfigured),
        };
        let verifying = VerifyingKey::public(base64url(public.thumbprint()), &public)?;
        Ok(Self::new(pair, Some(public), verifying))
    }

    fn new(pair: Pair, public: Option<PublicKey>, verifying: VerifyingKey) -> Self {
        // Neither value needs escaping: both are base64url or a name from a fixed list.
        let header = format!(
            r#"{{"alg":"{}","kid":"{}","typ":"{}"}}"#,
            verifying.algorithm(),
            verifying.kid(),
            jws::ACCESS_TOKEN
        );
        Self {
            pair,
            public,
            verifying,
            header: base64url(header) + ".",
        }
    }

    /// The key as PKCS#8 in PEM, for keeping in a file that its owner alone can read.
    pub fn to_pem(&self) -> Result<Secret<String>, KeyError> {
        let pem = |der: &[u8]| Secret::new(pem::write("PRIVATE KEY", der));
        let written = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der| pem(der.as_ref())),
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| pem(der.as_ref())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| pem(der.as_ref())),
            Pair::Shared(_) => return Err(KeyError::SecretIsConfigured),
        };
        written.map_err(|_| KeyError::Library)
    }

    /// The key's name: its thumbprint (RFC 7638) or, since that would publish the hash of a secret, for
    /// `HS256` a value derived from the secret.
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// The signature algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The public half, if there is one.
    pub fn public_key(&self) -> Option<Jwk> {
        self.public
            .as_ref()
            .map(|public| Jwk::of(self.verifying.kid(), public))
    }

    pub(crate) const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The access token that says `claims`.
    ///
    /// # Panics
    /// When the cryptographic library has no memory or no randomness left.
    #[expect(
        clippy::expect_used,
        reason = "neither can fail for reasons that a caller could act on"
    )]
    pub fn sign(&self, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).expect("claims are plain strings and numbers");
        let mut token = self.header.clone();
        token.push_str(&base64url(payload));
        let signature = self.signature(token.as_bytes()).expect("a checked key signs");
        token.push('.');
        token.push_str(&base64url(signature));
        token
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Pair::Shared(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }
}

impl Pair {
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let (kind, key) = Kind::of_pkcs8(der)?;
        Ok(match kind {
            Kind::Rsa => Self::rsa(key, |_| RsaKeyPair::from_pkcs8(der))?,
            Kind::P256 => Self::P256(EcdsaKeyPair::from_pkcs8(P256, der)?),
            Kind::Ed25519 => Self::Ed25519(Ed25519KeyPair::from_pkcs8(der)?),
        })
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        Kind::of_sec1(der)?;
        Ok(Self::P256(EcdsaKeyPair::from_private_key_der(P256, der)?))
    }

    /// The library's own words for a key that is too short say nothing of how long it must be, so our rules
    /// look at the bare key first.
    fn rsa(
        key: &[u8],
        read: impl FnOnce(&[u8]) -> Result<RsaKeyPair, KeyRejected>,
    ) -> Result<Self, KeyError> {
        PublicKey::of_rsa_private(key)?;
        Ok(Self::Rsa(read(key)?))
    }
}

impl From<KeyRejected> for KeyError {
    fn from(rejected: KeyRejected) -> Self {
        Self::Rejected {
            reason: rejected.to_string(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.verifying)
    }
}
