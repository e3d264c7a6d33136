//! Texts that a database has to keep and that nobody may read there: encrypted with a key that is kept elsewhere.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit_runtime::Secret;

/// The bytes of a nonce, which stands before what is encrypted.
const NONCE: usize = 12;

/// Encrypts texts for one purpose: AES-256-GCM with a key made of a secret, in base64.
#[derive(Clone, Debug)]
pub struct SealingKey(Secret<[u8; 32]>);

impl SealingKey {
    /// The key of a purpose.
    pub fn new(secret: &Secret<String>, purpose: &str) -> Self {
        Self(derive_key(secret, purpose))
    }

    /// Encrypts a text, bound to the name that it is stored under; `None` where the library refuses.
    pub fn seal(&self, name: &str, text: &Secret<String>) -> Option<String> {
        let mut bytes = text.expose().clone().into_bytes();
        let nonce = self
            .key()?
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut bytes)
            .ok()?;
        let sealed: Vec<u8> = nonce.as_ref().iter().copied().chain(bytes).collect();
        Some(STANDARD.encode(sealed))
    }

    /// Reads what was encrypted under this name with this key; `None` for everything else.
    pub fn open(&self, name: &str, sealed: &str) -> Option<Secret<String>> {
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
        RandomizedNonceKey::new(&AES_256_GCM, self.0.expose()).ok()
    }
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

/// A key of 256 bits for one purpose, made of a secret that has several (HKDF with SHA-256, RFC 5869).
pub fn derive_key(secret: &Secret<String>, purpose: &str) -> Secret<[u8; 32]> {
    let mut key = [0; 32];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(secret.expose().as_bytes());
    let filled = extracted
        .expand(&[purpose.as_bytes()], Bytes32)
        .and_then(|expanded| expanded.fill(&mut key));
    // Both steps fail only for an output longer than 8160 bytes.
    debug_assert!(filled.is_ok(), "32 bytes can always be derived");
    Secret::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn what_was_sealed_opens_under_its_name_with_its_key_alone() {
        let (ours, text) = (SealingKey::new(&secret("ours"), "keys"), secret("a private key"));
        let sealed = ours.seal("kid-1", &text).unwrap();
        assert_eq!(ours.open("kid-1", &sealed), Some(text.clone()));
        assert_ne!(ours.seal("kid-1", &text), Some(sealed.clone()));
        assert_eq!(ours.open("kid-2", &sealed), None);
        for other in [("theirs", "keys"), ("ours", "others")] {
            assert_eq!(
                SealingKey::new(&secret(other.0), other.1).open("kid-1", &sealed),
                None
            );
        }
        assert_eq!(ours.open("kid-1", "AAAA"), None);
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let of = |purpose| derive_key(&secret("ours"), purpose);
        assert_ne!(of("a").expose(), of("b").expose());
        assert_ne!(of("a").expose(), &[0; 32]);
    }
}
