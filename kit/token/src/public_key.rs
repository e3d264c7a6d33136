//! Public keys as numbers: the one form that every file format is read into, checked once.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};

use crate::der::Der;
use crate::encoding::base64url;
use crate::key::sha256;
use crate::{Algorithm, KeyError, rsa_rules};

const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const ED25519_KEY: &[u8] = &[0x2B, 0x65, 0x70];

/// The leading byte of an elliptic curve's point that is written out in full (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key that passed the rules of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// Both numbers big-endian and without leading zeros.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        if modulus.first() == Some(&0) || exponent.first() == Some(&0) {
            return Err(KeyError::Malformed);
        }
        rsa_rules::check(modulus, exponent)?;
        Ok(Self::Rsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        })
    }

    /// From a point's coordinates, big-endian.
    pub(crate) fn p256(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let coordinate = |bytes: &[u8]| bytes.try_into().map_err(|_| KeyError::Malformed);
        let key = Self::P256 {
            x: coordinate(x)?,
            y: coordinate(y)?,
        };
        key.parsed().map_err(|_| KeyError::NotOnCurve)?;
        Ok(key)
    }

    /// From a point's encoding (RFC 8032).
    pub(crate) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        let point = point.try_into().map_err(|_| KeyError::Malformed)?;
        if is_of_small_order(point) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self::Ed25519(point))
    }

    /// From `RSAPublicKey` (RFC 8017, appendix A.1.1).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = read_pkcs1(der).ok_or(KeyError::Malformed)?;
        Self::rsa(modulus, exponent)
    }

    /// The public half of `RSAPrivateKey` (RFC 8017, appendix A.1.2): its version, and then the same two numbers.
    pub(crate) fn of_rsa_private(der: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = read_rsa_private(der).ok_or(KeyError::Malformed)?;
        Self::rsa(modulus, exponent)
    }

    /// From `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (kind, key) = read_spki(der).ok_or(KeyError::Malformed)?;
        match kind? {
            Kind::Rsa => Self::from_pkcs1(key),
            Kind::P256 => Self::from_sec1(key),
            Kind::Ed25519 => Self::ed25519(key),
        }
    }

    /// From a point written out in full (SEC 1, section 2.3.3).
    pub(crate) fn from_sec1(point: &[u8]) -> Result<Self, KeyError> {
        match point {
            [UNCOMPRESSED, coordinates @ ..] if coordinates.len() == 64 => {
                let (x, y) = coordinates.split_at(32);
                Self::p256(x, y)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    pub(crate) fn parsed(&self) -> Result<ParsedPublicKey, KeyError> {
        let parsed = match self {
            Self::Rsa { modulus, exponent } => {
                let components = PublicKeyComponents {
                    n: modulus.as_slice(),
                    e: exponent.as_slice(),
                };
                components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            Self::P256 { x, y } => {
                let point = [&[UNCOMPRESSED], x.as_slice(), y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            Self::Ed25519(point) => ParsedPublicKey::new(&ED25519, point),
        };
        parsed.map_err(|_| KeyError::Malformed)
    }

    /// The SHA-256 of the key's canonical JSON (RFC 7638; RFC 8037, appendix A.3).
    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        let canonical = match self {
            Self::Rsa { modulus, exponent } => {
                let (n, e) = (base64url(modulus), base64url(exponent));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            Self::P256 { x, y } => {
                let (x, y) = (base64url(x), base64url(y));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Ed25519(point) => {
                let x = base64url(point);
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
        };
        sha256(canonical.as_bytes())
    }
}

/// What an `AlgorithmIdentifier` says a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    P256,
    Ed25519,
}

impl Kind {
    /// Of a private key in PKCS#8's wrapping (RFC 5958), and the key within.
    pub(crate) fn of_pkcs8(der: &[u8]) -> Result<(Self, &[u8]), KeyError> {
        let read = || {
            let mut wrapping = Der::new(der).sequence()?;
            wrapping.unsigned()?;
            Some((Self::read(wrapping.sequence()?)?, wrapping.octet_string()?))
        };
        let (kind, key) = read().ok_or(KeyError::Malformed)?;
        Ok((kind?, key))
    }

    /// Of an elliptic curve's private key in its older form (RFC 5915). Openssl names the curve in it; where
    /// nobody does, it is taken for ours, and the numbers tell.
    pub(crate) fn of_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let read = || {
            let mut members = Der::new(der).sequence()?;
            members.unsigned()?;
            members.octet_string()?;
            Some(members.explicit_0().map(|mut curve| curve.object_identifier()))
        };
        match read().ok_or(KeyError::Malformed)? {
            None | Some(Some(PRIME256V1)) => Ok(Self::P256),
            Some(_) => Err(KeyError::Unsupported),
        }
    }

    fn read(mut identifier: Der<'_>) -> Option<Result<Self, KeyError>> {
        let kind = match identifier.object_identifier()? {
            RSA_ENCRYPTION => Ok(Self::Rsa),
            ED25519_KEY => Ok(Self::Ed25519),
            EC_PUBLIC_KEY if identifier.object_identifier() == Some(PRIME256V1) => Ok(Self::P256),
            _ => Err(KeyError::Unsupported),
        };
        Some(kind)
    }
}

fn read_spki(der: &[u8]) -> Option<(Result<Kind, KeyError>, &[u8])> {
    let mut outside = Der::new(der);
    let mut wrapping = outside.sequence()?;
    let kind = Kind::read(wrapping.sequence()?)?;
    let key = wrapping.bit_string()?;
    (wrapping.is_empty() && outside.is_empty()).then_some((kind, key))
}

fn read_rsa_private(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = Der::new(der).sequence()?;
    numbers.unsigned()?;
    Some((numbers.unsigned()?, numbers.unsigned()?))
}

fn read_pkcs1(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outside = Der::new(der);
    let mut numbers = outside.sequence()?;
    let pair = (numbers.unsigned()?, numbers.unsigned()?);
    (numbers.is_empty() && outside.is_empty()).then_some(pair)
}

/// Whether a point's order divides the curve's cofactor: under such a key one signature fits many messages.
/// These are all the encodings of such points, less the sign in the topmost bit.
fn is_of_small_order(mut point: [u8; 32]) -> bool {
    const ORDER_EIGHT: [[u8; 32]; 2] = [
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ];
    point[31] &= 0x7F;
    let middle = &point[1..31];
    let near_zero = point[0] <= 1 && middle.iter().all(|byte| *byte == 0) && point[31] == 0;
    // The field's prime is 2^255 - 19; y may be one less, the prime itself, or one more.
    let near_prime =
        (0xEC..=0xEE).contains(&point[0]) && middle.iter().all(|byte| *byte == 0xFF) && point[31] == 0x7F;
    near_zero || near_prime || ORDER_EIGHT.contains(&point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_base64url;

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_7638() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let modulus = from_base64url(modulus).unwrap();
        let key = PublicKey::rsa(&modulus, &[1, 0, 1]).unwrap();
        assert_eq!(
            base64url(key.thumbprint()),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037() {
        let point = from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = PublicKey::ed25519(&point).unwrap();
        assert_eq!(
            base64url(key.thumbprint()),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn an_ed25519_key_of_small_order_is_refused() {
        let point = |first: u8, middle: u8, last: u8| {
            let mut point = [middle; 32];
            (point[0], point[31]) = (first, last);
            point
        };
        for weak in [
            point(0, 0, 0),
            point(1, 0, 0),
            point(1, 0, 0x80),
            point(0xEC, 0xFF, 0x7F),
            point(0xED, 0xFF, 0xFF),
            point(0xEE, 0xFF, 0x7F),
        ] {
            assert_eq!(PublicKey::ed25519(&weak), Err(KeyError::SmallOrder), "{weak:?}");
        }
        assert!(PublicKey::ed25519(&point(2, 0, 0)).is_ok());
        assert_eq!(PublicKey::ed25519(&[2; 31]), Err(KeyError::Malformed));
    }

    #[test]
    fn a_point_beside_the_curve_is_refused() {
        assert_eq!(PublicKey::p256(&[1; 32], &[2; 32]), Err(KeyError::NotOnCurve));
        assert_eq!(PublicKey::p256(&[0; 32], &[0; 32]), Err(KeyError::NotOnCurve));
        assert_eq!(PublicKey::p256(&[1; 31], &[2; 32]), Err(KeyError::Malformed));
    }

    #[test]
    fn a_modulus_with_a_leading_zero_is_refused() {
        let modulus = [&[0], [0xC3; 256].as_slice()].concat();
        assert_eq!(PublicKey::rsa(&modulus, &[1, 0, 1]), Err(KeyError::Malformed));
        assert!(PublicKey::rsa(&modulus[1..], &[1, 0, 1]).is_ok());
    }
}
