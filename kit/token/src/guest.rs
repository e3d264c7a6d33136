//! What a guest shows instead of an access token: a secret that opens one resource.
//!
//! It says nothing about itself, so no verifier can check it. The service that has the resource knows its hash; everybody
//! else can only tell that it is one.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{digest, hmac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::encoding::{base64url, from_base64url};

const PREFIX: &str = "gat_";

/// A guest's token: `gat_` and 256 bits as 43 characters (RFC 4648, 5). Whoever has it has what it opens, so `Debug` does
/// not show it, and it is stored as a hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestToken([u8; 32]);

/// The SHA-256 of a guest's token, by which a service knows what it opens. With 256 bits in the token there is nothing to
/// try out, so that a plain hash keeps it as well as a slow one would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GuestTokenHash([u8; 32]);

/// A text is no guest's token, or no hash of one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a guest's token")]
pub struct GuestTokenError;

impl GuestToken {
    /// The token that is made of a secret of the guest's and a random salt of ours (HMAC-SHA-256). Who has only one of
    /// them cannot make it; who has both makes the same one again.
    pub fn derive(secret: &[u8], salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&key, salt).as_ref());
        Self(bytes)
    }

    /// Whether a text means to be one, good or not: access tokens never begin so.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Its text, for the guest.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", base64url(self.0))
    }

    /// By what it is known.
    pub fn hash(&self) -> GuestTokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, &self.0).as_ref());
        GuestTokenHash(hash)
    }
}

impl FromStr for GuestToken {
    type Err = GuestTokenError;

    fn from_str(text: &str) -> Result<Self, GuestTokenError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(GuestTokenError)?;
        bytes(encoded).map(Self)
    }
}

fn bytes(encoded: &str) -> Result<[u8; 32], GuestTokenError> {
    // Bounded before it is decoded.
    let decoded = (encoded.len() == 43).then(|| from_base64url(encoded)).flatten();
    decoded
        .and_then(|decoded| decoded.try_into().ok())
        .ok_or(GuestTokenError)
}

impl fmt::Debug for GuestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<guest token>")
    }
}

impl fmt::Display for GuestTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(self.0))
    }
}

impl FromStr for GuestTokenHash {
    type Err = GuestTokenError;

    fn from_str(text: &str) -> Result<Self, GuestTokenError> {
        bytes(text).map(Self)
    }
}

impl Serialize for GuestTokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GuestTokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_text_and_is_not_shown() {
        let token = GuestToken([7; 32]);
        let text = token.expose();
        assert_eq!((text.len(), text.parse()), (47, Ok(token.clone())));
        assert_eq!(format!("{token:?}"), "<guest token>");
        let last_bit = format!("{}d", &text[..46]);
        for bad in [
            "",
            "gat_",
            &text[4..],
            &text[..46],
            &format!("{text}A"),
            &format!("{text}="),
            &text.to_uppercase(),
            &last_bit,
            &format!("gat_{}", "A".repeat(1000)),
        ] {
            assert_eq!(bad.parse::<GuestToken>(), Err(GuestTokenError), "{bad}");
        }
    }

    #[test]
    fn a_token_is_made_again_of_both_its_parts_only() {
        let token = GuestToken::derive(b"secret", b"salt");
        assert_eq!(GuestToken::derive(b"secret", b"salt"), token);
        assert_ne!(GuestToken::derive(b"secret", b"Salt"), token);
        assert_ne!(GuestToken::derive(b"secreT", b"salt"), token);
    }

    #[test]
    fn a_hash_is_the_sha256_of_the_bytes() {
        // Of 32 zero bytes, by `sha256sum`, in base64url.
        let hash = GuestToken([0; 32]).hash();
        assert_eq!(hash.to_string(), "Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(serde_json::to_string(&hash).unwrap().len(), 45);
    }
}
