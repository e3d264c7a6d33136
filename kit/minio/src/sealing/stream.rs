//! The stream of encrypted bodies: fragments, each sealed by itself, that can be neither changed, reordered nor left out.
//!
//! The nonce of a fragment is the stream's, 8 bytes, and a number of 4 bytes, little-endian. Number 0 seals nothing, with
//! the caller's associated data; its tag, behind a byte that says whether it is the last, is the associated data of every
//! fragment.

use aws_lc_rs::aead::{Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};

use super::Unsealable;

/// The bytes of a fragment, but for the last, which may have fewer, and none where there is nothing else.
pub(crate) const FRAGMENT: usize = 16_384;

const NOT_LAST: u8 = 0x00;
const LAST: u8 = 0x80;

/// A key with the nonce of one stream.
pub(crate) struct Stream {
    key: LessSafeKey,
    nonce: [u8; 8],
    fragment: usize,
    /// The tag of nothing.
    tag: Vec<u8>,
}

impl Stream {
    /// The key must have the length that the algorithm asks for.
    pub(crate) fn new(
        algorithm: &'static Algorithm,
        key: &[u8],
        (nonce, fragment): ([u8; 8], usize),
        associated: &[u8],
    ) -> Result<Self, Unsealable> {
        let key = UnboundKey::new(algorithm, key).map_err(|_| Unsealable)?;
        let mut stream = Self {
            key: LessSafeKey::new(key),
            nonce,
            fragment,
            tag: Vec::new(),
        };
        let mut tag = Vec::new();
        stream.seal_fragment(0, associated, &mut tag)?;
        stream.tag = tag;
        Ok(stream)
    }

    pub(crate) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let mut sealed = Vec::with_capacity(plain.len() + (plain.len() / self.fragment + 1) * self.tag.len());
        let fragments = plain.len().div_ceil(self.fragment).max(1);
        for number in 0..fragments {
            let from = number * self.fragment;
            let until = plain.len().min(from + self.fragment);
            let mut fragment = plain[from..until].to_vec();
            let associated = self.associated(number + 1 == fragments);
            self.seal_fragment(sequence(number)?, &associated, &mut fragment)?;
            sealed.extend(fragment);
        }
        Ok(sealed)
    }

    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let length = self.fragment + self.tag.len();
        let fragments = sealed.len().div_ceil(length);
        if fragments == 0 {
            return Err(Unsealable);
        }
        let mut plain = Vec::with_capacity(sealed.len());
        for (number, fragment) in sealed.chunks(length).enumerate() {
            let associated = self.associated(number + 1 == fragments);
            let nonce = self.nonce(sequence(number)?);
            let mut fragment = fragment.to_vec();
            let opened = self
                .key
                .open_in_place(nonce, Aad::from(associated), &mut fragment);
            plain.extend_from_slice(opened.map_err(|_| Unsealable)?);
        }
        Ok(plain)
    }

    fn associated(&self, is_last: bool) -> Vec<u8> {
        let flag = if is_last { LAST } else { NOT_LAST };
        [&[flag], self.tag.as_slice()].concat()
    }

    fn seal_fragment(
        &self,
        number: u32,
        associated: &[u8],
        fragment: &mut Vec<u8>,
    ) -> Result<(), Unsealable> {
        let (nonce, associated) = (self.nonce(number), Aad::from(associated));
        let sealed = self.key.seal_in_place_append_tag(nonce, associated, fragment);
        sealed.map_err(|_| Unsealable)
    }

    fn nonce(&self, number: u32) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.nonce);
        nonce[8..].copy_from_slice(&number.to_le_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// The number of a fragment, of which 0 is taken.
fn sequence(fragment: usize) -> Result<u32, Unsealable> {
    let number = u32::try_from(fragment).map_err(|_| Unsealable)?;
    number.checked_add(1).ok_or(Unsealable)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Vector {
        algorithm: String,
        buf_size: usize,
        key: String,
        nonce: String,
        associated_data: String,
        plaintext: String,
        ciphertext: String,
    }

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn stream(vector: &Vector) -> Stream {
        let algorithm = match vector.algorithm.as_str() {
            "AES-128-GCM" => &AES_128_GCM,
            "AES-256-GCM" => &AES_256_GCM,
            "ChaCha20-Poly1305" => &CHACHA20_POLY1305,
            other => panic!("{other}"),
        };
        let nonce = bytes(&vector.nonce).try_into().unwrap();
        let associated = bytes(&vector.associated_data);
        Stream::new(
            algorithm,
            &bytes(&vector.key),
            (nonce, vector.buf_size),
            &associated,
        )
        .unwrap()
    }

    /// Those of AES-128 are published by the format's authors (`secure-io/sio-go`, `test_vectors.json`); those of the two
    /// algorithms that are used here were made with their library.
    #[test]
    fn the_vectors_of_the_formats_authors_are_sealed_and_opened() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/sio_vectors.json")).unwrap();
        for algorithm in ["AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"] {
            let of = |vector: &&Vector| vector.algorithm == algorithm;
            assert!(vectors.iter().filter(of).count() > 2, "{algorithm}");
        }
        for vector in &vectors {
            let (plain, sealed) = (bytes(&vector.plaintext), bytes(&vector.ciphertext));
            assert_eq!(stream(vector).seal(&plain), Ok(sealed.clone()));
            assert_eq!(stream(vector).open(&sealed), Ok(plain));
        }
    }

    fn example() -> Stream {
        Stream::new(&AES_256_GCM, &[7; 32], ([1; 8], FRAGMENT), &[]).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_whatever_its_size() {
        for size in [0, 1, 16_383, 16_384, 16_385, 32_768, 40_000] {
            let plain: Vec<u8> = (0..=255).cycle().take(size).collect();
            let sealed = example().seal(&plain).unwrap();
            assert_eq!(sealed.len(), size + 16 * size.div_ceil(FRAGMENT).max(1));
            assert_eq!(example().open(&sealed), Ok(plain));
        }
    }

    #[test]
    fn what_was_changed_cut_off_or_reordered_is_not_opened() {
        let plain = vec![3; 2 * FRAGMENT + 5];
        let sealed = example().seal(&plain).unwrap();
        for at in [0, 16_383, 16_384, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(example().open(&changed), Err(Unsealable), "byte {at}");
        }
        let length = FRAGMENT + 16;
        for until in [0, 1, 15, length, 2 * length, 2 * length + 16, sealed.len() - 1] {
            assert_eq!(example().open(&sealed[..until]), Err(Unsealable), "{until} bytes");
        }
        let swapped = [
            &sealed[length..2 * length],
            &sealed[..length],
            &sealed[2 * length..],
        ];
        assert_eq!(example().open(&swapped.concat()), Err(Unsealable));
        let repeated = [sealed.as_slice(), &sealed[2 * length..]].concat();
        assert_eq!(example().open(&repeated), Err(Unsealable));
    }
}
