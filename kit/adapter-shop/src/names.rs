//! Names of what is provisioned and of its keys, and secrets.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 32 signs, so that five bits are one.
const SIGNS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How many hexadecimal digits of the hash are taken: 160 bits.
const HASH_DIGITS: usize = 40;

/// The name of what an instance is: a prefix, a hyphen, and 40 digits of the SHA-256 of its identifier. The same for the
/// same instance, whatever its identifier looks like; nobody can find another identifier that gives it.
pub(crate) fn resource_name(prefix: &str, instance_id: &str) -> String {
    let hash = hex::encode(digest(&SHA256, instance_id.as_bytes()));
    format!("{prefix}-{}", &hash[..HASH_DIGITS])
}

/// Whether something is called as what an instance is is called, with this prefix.
pub fn is_resource_name(prefix: &str, name: &str) -> bool {
    let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    rest.is_some_and(|hash| hash.len() == HASH_DIGITS && hash.bytes().all(is_digit))
}

/// The name of a key: 20 letters and digits, of 100 random bits.
pub fn key_name(random: [u8; 20]) -> String {
    let signs = random
        .iter()
        .map(|byte| char::from(SIGNS[usize::from(byte & 31)]));
    signs.collect()
}

/// A secret: 40 characters that are plain in addresses and on command lines, of 240 random bits.
pub fn secret(random: [u8; 30]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_one_resource_of_a_valid_name() {
        let long = "é/".repeat(500);
        for id in ["sub_0199f3a5-4e10-7c4e-b3f8-61a90e7d24c5", "", "../x", &long] {
            let name = resource_name("stoa", id);
            assert_eq!(name, resource_name("stoa", id));
            assert!(name.len() <= 63, "{name}");
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(is_plain), "{name}");
            assert!(is_resource_name("stoa", &name) && !is_resource_name("sto", &name));
        }
        for other in ["stoa", "stoa-", "stoa-admin", &format!("stoa-{}", "G".repeat(40))] {
            assert!(!is_resource_name("stoa", other), "{other}");
        }
        assert_ne!(resource_name("stoa", "a"), resource_name("stoa", "b"));
    }

    #[test]
    fn keys_and_secrets_have_their_length() {
        assert_eq!(key_name([255; 20]), "7".repeat(20));
        assert_eq!(secret([7; 30]).len(), 40);
    }
}
