//! The service's secret, and what is made of it: the key of refresh tokens, and the key that private keys are
//! sealed with in the database.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kit_runtime::Secret;

const NONCE: usize = 12;

/// Derives keys from one secret, each for one purpose (HKDF, RFC 5869).
#[derive(Clone)]
pub(crate) struct Seal(Secret<[u8; 32]>, Secret<[u8; 32]>);

impl Seal {
    pub(crate) fn new(secret: &Secret<String>) -> Self {
        let derived = |purpose: &[u8]| Secret::new(derive(secret.expose().as_bytes(), purpose));
        Self(
            derived(b"stoa auth refresh tokens"),
            derived(b"stoa auth stored keys"),
        )
    }

    /// The key of refresh tokens.
    pub(crate) fn refresh_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.expose())
    }

    /// Seals a text for the database, bound to the name it is stored under; `None` where the library refuses.
    pub(crate) fn seal(&self, name: &str, text: &Secret<String>) -> Option<String> {
        let mut bytes = text.expose().clone().into_bytes();
        let nonce = self
            .key()?
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut bytes)
            .ok()?;
        let sealed: Vec<u8> = nonce.as_ref().iter().copied().chain(bytes).collect();
        Some(STANDARD.encode(sealed))
    }

    /// Opens what was sealed under this name with this secret.
    pub(crate) fn open(&self, name: &str, sealed: &str) -> Option<Secret<String>> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).ok()?, sealed.to_vec());
        let opened = self
            .key()?
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut sealed)
            .ok()?;
        Some(Secret::new(String::from_utf8(opened.to_vec()).ok()?))
    }

    fn key(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, self.1.expose()).ok()
    }
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

fn derive(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(secret);
    let filled = extracted
        .expand(&[purpose], Bytes32)
        .and_then(|expanded| expanded.fill(&mut key));
    // Both steps fail only for an output longer than 8160 bytes.
    debug_assert!(filled.is_ok(), "32 bytes can always be derived");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str) -> Seal {
        Seal::new(&Secret::new(secret.to_owned()))
    }

    #[test]
    fn what_was_sealed_opens_under_its_name_with_its_secret_alone() {
        let (ours, text) = (seal("ours"), Secret::new("a private key".to_owned()));
        let sealed = ours.seal("kid-1", &text).unwrap();
        assert_eq!(ours.open("kid-1", &sealed), Some(text));
        assert_eq!(ours.open("kid-2", &sealed), None);
        assert_eq!(seal("theirs").open("kid-1", &sealed), None);
        assert_eq!(ours.open("kid-1", "AAAA"), None);
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let Seal(refresh, stored) = seal("ours");
        assert_ne!(refresh.expose(), stored.expose());
        assert_ne!(refresh.expose(), &[0; 32]);
    }
}
