//! Hashes that are the same in every process and for ever.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, Digest, SHA256};

/// FNV-1a, 64 bits: the standard library's hasher promises nothing from one release to the next.
pub(crate) fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// SHA-256 of what is given in pieces.
pub(crate) fn sha256(pieces: impl FnOnce(&mut Context)) -> Digest {
    let mut context = Context::new(&SHA256);
    pieces(&mut context);
    context.finish()
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_keys_is_the_standard_one() {
        assert_eq!(fnv1a(*b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(*b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn hex_digits_are_those_of_the_bytes() {
        let digest = sha256(|context| context.update(b"abc"));
        assert!(hex(digest.as_ref()).starts_with("ba7816bf8f01cfea"));
    }
}
