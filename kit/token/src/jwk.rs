//! Keys as JSON (RFC 7517): what `/.well-known/jwks.json` says.

use kit_runtime::Secret;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::encoding::{base64url, from_base64url};
use crate::key::VerifyingKey;
use crate::public_key::PublicKey;
use crate::{Algorithm, KeyError};

/// A set of keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Jwks {
    /// The keys; their order means nothing.
    pub keys: Vec<Jwk>,
}

/// A public key.
///
/// Members that we do not know are ignored, as the standard asks. Of private members only their presence is
/// kept, so that a set with a private key in it can be refused; none is ever written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Jwk {
    /// `RSA`, `EC`, `OKP`, or another kind that we cannot use.
    pub kty: String,
    /// The key identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig` for a key that verifies.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `verify` among them for a key that verifies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The curve of `EC` and `OKP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// A coordinate of `EC`, the key of `OKP`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The other coordinate of `EC`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus of `RSA`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of `RSA`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The secret of `oct`, which is read but never written.
    #[serde(default, skip_serializing, deserialize_with = "secret")]
    #[schemars(skip)]
    k: Option<Secret<String>>,
    /// In every private key of `RSA`, `EC` and `OKP`.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    d: Option<IgnoredAny>,
    /// The factors of an `RSA` modulus, either of which gives the private key away.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    p: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    q: Option<IgnoredAny>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(Secret::new(text)))
}

impl Jwk {
    pub(crate) fn of(kid: &str, key: &PublicKey) -> Self {
        let described = Self {
            kid: Some(kid.to_owned()),
            usage: Some("sig".to_owned()),
            alg: Some(key.algorithm().as_str().to_owned()),
            ..Self::default()
        };
        match key {
            PublicKey::Rsa { modulus, exponent } => Self {
                kty: "RSA".to_owned(),
                n: Some(base64url(modulus)),
                e: Some(base64url(exponent)),
                ..described
            },
            PublicKey::P256 { x, y } => Self {
                kty: "EC".to_owned(),
                crv: Some("P-256".to_owned()),
                x: Some(base64url(x)),
                y: Some(base64url(y)),
                ..described
            },
            PublicKey::Ed25519(point) => Self {
                kty: "OKP".to_owned(),
                crv: Some("Ed25519".to_owned()),
                x: Some(base64url(point)),
                ..described
            },
        }
    }

    /// The key to verify with, if this is one.
    ///
    /// `None` is for a key of another purpose, kind, curve or algorithm: such a key is none of our business,
    /// and a newer auth may well publish one beside ours. An error is for a key that claims to be ours and is
    /// weak, broken, private or at odds with itself.
    pub(crate) fn verifying_key(&self) -> Result<Option<VerifyingKey>, KeyError> {
        if self.d.is_some() || self.p.is_some() || self.q.is_some() {
            return Err(KeyError::Private);
        }
        let kid = self.kid.clone().ok_or(KeyError::NoKid)?;
        if !self.is_for_verifying()? {
            return Ok(None);
        }
        let Some(algorithm) = self.algorithm()? else {
            return Ok(None);
        };
        let key = match algorithm {
            Algorithm::Hs256 => {
                let text = self.k.as_ref().ok_or(KeyError::Malformed)?;
                let secret = from_base64url(text.expose()).ok_or(KeyError::Malformed)?;
                return VerifyingKey::shared(Some(kid), &Secret::new(secret)).map(Some);
            }
            Algorithm::Rs256 => PublicKey::rsa(&bytes(self.n.as_ref())?, &bytes(self.e.as_ref())?)?,
            Algorithm::Es256 => PublicKey::p256(&bytes(self.x.as_ref())?, &bytes(self.y.as_ref())?)?,
            Algorithm::EdDsa => PublicKey::ed25519(&bytes(self.x.as_ref())?)?,
        };
        VerifyingKey::public(kid, &key).map(Some)
    }

    /// RFC 7517, section 4.3: `use` and `key_ops` must agree where both are there.
    fn is_for_verifying(&self) -> Result<bool, KeyError> {
        let usage = self.usage.as_ref().map(|usage| usage == "sig");
        let operations = self
            .key_ops
            .as_ref()
            .map(|operations| operations.iter().any(|operation| operation == "verify"));
        match (usage, operations) {
            (Some(usage), Some(operations)) if usage != operations => Err(KeyError::Contradiction {
                one: "use",
                other: "key_ops",
            }),
            (usage, operations) => Ok(usage.or(operations).unwrap_or(true)),
        }
    }

    /// The one algorithm that goes with `kty` and `crv`, unless `alg` says an unknown one.
    fn algorithm(&self) -> Result<Option<Algorithm>, KeyError> {
        let of_kind = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => Some(Algorithm::Rs256),
            ("EC", Some("P-256")) => Some(Algorithm::Es256),
            ("OKP", Some("Ed25519")) => Some(Algorithm::EdDsa),
            ("oct", None) => Some(Algorithm::Hs256),
            ("RSA" | "oct", Some(_)) => {
                return Err(KeyError::Contradiction {
                    one: "kty",
                    other: "crv",
                });
            }
            _ => None,
        };
        let Some(alg) = &self.alg else {
            return Ok(of_kind);
        };
        let Ok(stated) = alg.parse::<Algorithm>() else {
            return Ok(None);
        };
        if of_kind == Some(stated) {
            return Ok(of_kind);
        }
        Err(KeyError::Contradiction {
            one: "alg",
            other: "kty",
        })
    }
}

fn bytes(text: Option<&String>) -> Result<Vec<u8>, KeyError> {
    text.and_then(|text| from_base64url(text))
        .ok_or(KeyError::Malformed)
}
