//! The checksums of S3 beside the tag: as clients send them, as they are kept and given back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::CrcAlgorithm;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use serde::{Deserialize, Serialize};

/// What a checksum is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// As S3 spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// In any case, since headers spell it `crc32`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.as_str().eq_ignore_ascii_case(text))
    }

    /// The header or trailer that carries it.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// What S3 makes of an upload where the client does not say.
    pub(crate) fn default_kind(self) -> ChecksumKind {
        match self {
            Self::Crc64Nvme => ChecksumKind::FullObject,
            _ => ChecksumKind::Composite,
        }
    }

    /// For those whose sums of parts can be joined.
    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// Whether an upload can be declared so: hashes of parts do not make the hash of all bytes.
    pub(crate) fn can_be(self, kind: ChecksumKind) -> bool {
        kind == ChecksumKind::Composite || self.crc().is_some()
    }

    fn sum(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Crc32 => Crc32::checksum(bytes).to_vec(),
            Self::Crc32c => Crc32c::checksum(bytes).to_vec(),
            Self::Crc64Nvme => Crc64Nvme::checksum(bytes).to_vec(),
            Self::Sha1 => Sha1::checksum(bytes).as_ref().to_vec(),
            Self::Sha256 => Sha256::checksum(bytes).as_ref().to_vec(),
        }
    }
}

/// What the checksum of an object in parts is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChecksumKind {
    /// Of the checksums of the parts.
    Composite,
    /// Of all bytes.
    FullObject,
}

impl ChecksumKind {
    /// As S3 spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Composite => "COMPOSITE",
            Self::FullObject => "FULL_OBJECT",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Composite, Self::FullObject]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The checksums of an object or a part, in base64; those of an object in parts may end in `-` and their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksums {
    /// By algorithm, each once.
    pub(crate) sums: Vec<(Algorithm, String)>,
    /// What they are of; none where there are none.
    pub(crate) kind: Option<ChecksumKind>,
}

impl Checksums {
    pub(crate) fn get(&self, algorithm: Algorithm) -> Option<&str> {
        let found = self.sums.iter().find(|(one, _)| *one == algorithm);
        found.map(|(_, sum)| sum.as_str())
    }
}

/// The checksum of an object from those of its parts, each with the part's size in bytes. None where a part has
/// none that can be read, or where the algorithm's sums cannot be joined.
pub(crate) fn combine<'a>(
    algorithm: Algorithm,
    kind: ChecksumKind,
    parts: impl IntoIterator<Item = (&'a str, u64)>,
) -> Option<String> {
    let decoded = parts
        .into_iter()
        .map(|(sum, size)| Some((BASE64_STANDARD.decode(sum).ok()?, size)));
    let decoded: Vec<(Vec<u8>, u64)> = decoded.collect::<Option<_>>()?;
    match kind {
        ChecksumKind::Composite => {
            let sums: Vec<u8> = decoded.iter().flat_map(|(sum, _)| sum).copied().collect();
            let sum = BASE64_STANDARD.encode(algorithm.sum(&sums));
            Some(format!("{sum}-{}", decoded.len()))
        }
        ChecksumKind::FullObject => {
            let crc = algorithm.crc()?;
            let mut joined: Option<u64> = None;
            let width = decoded.first()?.0.len();
            for (sum, size) in &decoded {
                let number = sum
                    .iter()
                    .fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
                joined = Some(match joined {
                    None => number,
                    Some(before) => crc_fast::checksum_combine(crc, before, number, *size),
                });
            }
            let bytes = joined?.to_be_bytes();
            Some(BASE64_STANDARD.encode(bytes.get(bytes.len().checked_sub(width)?..)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        BASE64_STANDARD.encode(bytes)
    }

    proptest! {
        #[test]
        fn joined_sums_are_the_sum_of_all_bytes(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5),
        ) {
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
                let sums: Vec<_> = parts.iter().map(|part| base64(&algorithm.sum(part))).collect();
                let sums = sums.iter().zip(&parts).map(|(sum, part)| (sum.as_str(), part.len() as u64));
                let joined = combine(algorithm, ChecksumKind::FullObject, sums);
                prop_assert_eq!(joined, Some(base64(&algorithm.sum(&parts.concat()))));
            }
        }
    }

    #[test]
    fn a_composite_is_the_sum_of_the_sums_and_their_number() {
        let one = Algorithm::Sha256.sum(b"one");
        let two = Algorithm::Sha256.sum(b"two");
        let all = base64(&Algorithm::Sha256.sum(&[one.clone(), two.clone()].concat()));
        let (one, two) = (base64(&one), base64(&two));
        let parts = [(one.as_str(), 3), (two.as_str(), 3)];
        let combined = combine(Algorithm::Sha256, ChecksumKind::Composite, parts);
        assert_eq!(combined, Some(format!("{all}-2")));
        assert_eq!(combine(Algorithm::Sha256, ChecksumKind::FullObject, parts), None);
    }

    #[test]
    fn names_are_those_of_the_headers() {
        assert_eq!(Algorithm::parse("crc64nvme"), Some(Algorithm::Crc64Nvme));
        assert_eq!(Algorithm::parse("MD5"), None);
    }
}
