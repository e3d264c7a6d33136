//! What identifiers and secrets are made of, as a value that is passed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Makes identifiers and random bytes: from the system, or in a fixed order for a test.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    seed: Option<Arc<AtomicU64>>,
}

impl Ids {
    /// Identifiers nobody can guess.
    pub fn system() -> Self {
        Self::default()
    }

    /// The same identifiers every time, for tests. Never for anything that must be secret.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed: Some(Arc::new(AtomicU64::new(seed))),
        }
    }

    /// A version 7 UUID (RFC 9562): sorts by the time it was made.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
    pub fn uuid(&self) -> Uuid {
        match &self.seed {
            None => Uuid::now_v7(),
            Some(seed) => {
                let count = seed.fetch_add(1, Ordering::SeqCst);
                let mut bytes = [0; 10];
                bytes[2..].copy_from_slice(&count.to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(count, &bytes).into_uuid()
            }
        }
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, in which case nothing that depends on secrets
    /// may go on.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seed {
            None => {
                let filled = aws_lc_rs::rand::fill(&mut bytes);
                assert!(filled.is_ok(), "the operating system gave no randomness");
            }
            Some(seed) => {
                for chunk in bytes.chunks_mut(8) {
                    let count = seed
                        .fetch_add(1, Ordering::SeqCst)
                        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    chunk.copy_from_slice(&count.to_be_bytes()[..chunk.len()]);
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_identifiers_again() {
        let (one, two) = (Ids::seeded(7), Ids::seeded(7));
        assert_eq!(one.uuid(), two.uuid());
        assert_eq!(one.random::<20>(), two.random::<20>());
        assert_ne!(one.uuid(), one.uuid());
    }
}
