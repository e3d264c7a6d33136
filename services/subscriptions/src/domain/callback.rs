//! The address at which payments say that an invoice is paid. It holds a secret that is good for one invoice and nothing
//! else, and of which only the hash is kept.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_config::BaseUrl;
use kit_runtime::Secret;
use subscriptions_api::InvoiceId;

/// How many characters the text of a token has.
const LENGTH: usize = 43;

/// The secret of a callback: 256 bits.
pub(crate) struct CallbackToken(Secret<String>);

/// By what it is known: its SHA-256, in base64url. With 256 bits in the token there is nothing to try out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenHash(pub String);

impl CallbackToken {
    /// Made of randomness.
    pub(crate) fn of(random: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random)))
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::hash(self.0.expose())
    }
}

impl TokenHash {
    /// The hash of what somebody says is a token; none where it cannot be one.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        (text.len() == LENGTH).then(|| Self::hash(text))
    }

    fn hash(text: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(hash))
    }
}

/// The address of an invoice's callback.
pub(crate) fn callback_url(public: &BaseUrl, invoice_id: InvoiceId, token: &CallbackToken) -> String {
    public.join(&format!(
        "/api/invoices/{invoice_id}/callback?token={}",
        token.0.expose()
    ))
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_stands_in_the_address() {
        let token = CallbackToken::of([7; 32]);
        let public = "https://shop.example.com".parse().unwrap();
        let url = callback_url(&public, Uuid::nil().into(), &token);
        let (address, text) = url.split_once("?token=").unwrap();
        assert_eq!(
            address,
            "https://shop.example.com/api/invoices/inv_00000000-0000-0000-0000-000000000000/callback"
        );
        assert_eq!(text.len(), LENGTH);
        assert_eq!(TokenHash::of_text(text), Some(token.hash()));
        assert_ne!(token.hash().0, text);
    }

    #[test]
    fn what_is_too_short_or_too_long_is_no_token() {
        for text in ["", "short", &"a".repeat(44)] {
            assert_eq!(TokenHash::of_text(text), None);
        }
    }
}
