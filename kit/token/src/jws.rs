//! Signed texts in compact form (RFC 7515), and only in the one form that our tokens have.
//!
//! The header is exactly `alg`, `kid` and, for a token, `typ`. Every other member is refused, whether it
//! would bring its own key (`jwk`, `jku`, `x5c`, `x5u`), change what is signed (`b64`), unpack something
//! (`zip`) or make demands (`crit`); so is JSON serialisation, and a header that is not signed.

use serde::Deserialize;

use crate::encoding::{from_base64url, from_json_object};
use crate::{KeySet, Part, Refusal};

/// The longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// The `typ` of an access token (RFC 9068).
pub const ACCESS_TOKEN: &str = "at+jwt";

/// What the header has to say beyond `alg` and `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderRules {
    /// `typ` is there and is this one, to the letter.
    Typ(&'static str),
    /// `typ` may be absent or anything. For texts whose purpose is known otherwise; never for tokens.
    AnyTyp,
}

/// The payload of `token`, if a key of `keys` signed it. Says nothing about what the payload means.
pub fn verify(token: &str, keys: &KeySet, rules: HeaderRules) -> Result<Vec<u8>, Refusal> {
    check_size(token)?;
    open(token, Some(keys), rules)
}

/// The check that comes before any work is done.
pub(crate) fn check_size(token: &str) -> Result<(), Refusal> {
    if token.len() > MAX_LENGTH {
        return Err(Refusal::TooLong);
    }
    if !token.is_ascii() {
        return Err(Refusal::NotAscii);
    }
    Ok(())
}

/// As [`verify`], for a token whose size was checked; without keys even a well-formed token is refused.
pub(crate) fn open(token: &str, keys: Option<&KeySet>, rules: HeaderRules) -> Result<Vec<u8>, Refusal> {
    let parts = Parts::of(token).ok_or(Refusal::Parts)?;
    let header = Header::read(parts.header)?;
    if let HeaderRules::Typ(typ) = rules
        && header.typ.as_deref() != Some(typ)
    {
        return Err(Refusal::Type);
    }
    let keys = keys.ok_or(Refusal::NoKeys)?;
    let Some(key) = keys.find(&header.kid) else {
        return Err(Refusal::UnknownKey { kid: header.kid });
    };
    if header.alg != key.algorithm().as_str() {
        return Err(Refusal::Algorithm);
    }
    let signature = from_base64url(parts.signature).ok_or(Refusal::Encoding(Part::Signature))?;
    if !key.verifies(parts.signed.as_bytes(), &signature) {
        return Err(Refusal::Signature);
    }
    from_base64url(parts.payload).ok_or(Refusal::Encoding(Part::Payload))
}

struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with the dot between them.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self {
            header,
            payload,
            signature,
            signed,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default, deserialize_with = "kit_values::given")]
    typ: Option<String>,
}

impl Header {
    fn read(text: &str) -> Result<Self, Refusal> {
        let json = from_base64url(text).ok_or(Refusal::Encoding(Part::Header))?;
        from_json_object(&json).map_err(|problem| Refusal::Header { problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_exactly_three_parts() {
        let parts = Parts::of("a.b.c").unwrap();
        assert_eq!(
            (parts.header, parts.payload, parts.signature, parts.signed),
            ("a", "b", "c", "a.b")
        );
        for text in ["", "a", "a.b", "a.b.c.d", "...."] {
            assert!(Parts::of(text).is_none(), "{text:?}");
        }
    }
}
