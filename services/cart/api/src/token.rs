//! How a guest shows which cart is theirs.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use http::request::Parts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

const PREFIX: &str = "cart_";

/// The header in which a guest sends the token, and gets a new one.
pub const CART_TOKEN: HeaderName = HeaderName::from_static("x-cart-token");

/// A guest's cart token: `cart_` and 256 random bits as 43 characters (RFC 4648, 5). Whoever has it has the cart, so
/// `Debug` does not show it, and it is stored as a hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken([u8; 32]);

/// The SHA-256 of a cart token, by which a cart is known without it. With 256 random bits in the token there is nothing
/// to try out, so that a plain hash keeps it as well as a slow one would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartTokenHash([u8; 32]);

/// A text is no cart token, or no hash of one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a cart token")]
pub struct CartTokenError;

impl CartToken {
    /// A new token of random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, of which other secrets of the guest can be made.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// By what the cart is known.
    pub fn hash(&self) -> CartTokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        CartTokenHash(hash)
    }

    /// Its text, for whom the cart belongs to.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for CartToken {
    type Err = CartTokenError;

    fn from_str(text: &str) -> Result<Self, CartTokenError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(CartTokenError)?;
        let mut bytes = [0; 32];
        // One token has one text: the decoder refuses bits that are left over.
        match URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes) {
            Ok(length) if length == bytes.len() => Ok(Self(bytes)),
            _ => Err(CartTokenError),
        }
    }
}

impl fmt::Debug for CartToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<cart token>")
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for CartTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for CartTokenHash {
    type Err = CartTokenError;

    fn from_str(text: &str) -> Result<Self, CartTokenError> {
        let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(is_hex) {
            return Err(CartTokenError);
        }
        for (byte, start) in hash.iter_mut().zip((0..).step_by(2)) {
            let digits = text.get(start..start + 2).ok_or(CartTokenError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| CartTokenError)?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for CartTokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CartTokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The cart token of a request, if it has one.
///
/// What is malformed, or given twice, is none, as one that nobody knows is: a browser that holds an old token must
/// come into the shop, and nobody learns from the answer what a good one looks like.
#[derive(Clone, Debug)]
pub struct SentCartToken(pub Option<CartToken>);

impl<S: Sync> FromRequestParts<S> for SentCartToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut values = parts.headers.get_all(CART_TOKEN).iter();
        let token = match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok().and_then(|text| text.parse().ok()),
            _ => None,
        };
        Ok(Self(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_text() {
        let token = CartToken::new([7; 32]);
        let text = token.expose();
        assert_eq!(text.len(), 48);
        assert_eq!(text.parse(), Ok(token.clone()));
        let last_bit = format!("{}d", &text[..47]);
        for bad in [
            "",
            "cart_",
            &text[5..],
            &text[..47],
            &format!("{text}A"),
            &format!("{text}="),
            &text.to_uppercase(),
            &text.replace("Bw", "+w"),
            &last_bit,
            &format!("cart_{}", "A".repeat(1000)),
        ] {
            assert_eq!(bad.parse::<CartToken>(), Err(CartTokenError), "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_shown_and_known_by_its_hash() {
        let token = CartToken::new([0; 32]);
        assert_eq!(format!("{token:?}"), "<cart token>");
        // Of 32 zero bytes, by `sha256sum`.
        let expected = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(token.hash().to_string(), expected);
        assert_eq!(expected.parse(), Ok(token.hash()));
        for bad in ["", &expected[1..], &expected.to_uppercase(), &"é".repeat(32)] {
            assert_eq!(bad.parse::<CartTokenHash>(), Err(CartTokenError), "{bad}");
        }
    }
}
