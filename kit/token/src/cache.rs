//! Tokens that were verified a moment ago.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use kit_runtime::Timestamp;

use crate::Principal;
use crate::key::sha256;

/// So many locks that two cores seldom want the same one.
const SHARDS: usize = 16;
/// Tokens a generation of a shard holds; the cache as a whole holds at most 16 384, about 8 MB.
const GENERATION: usize = 512;

/// The SHA-256 of a token: the cache neither keeps tokens nor compares them byte by byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }

    fn shard(self) -> usize {
        usize::from(self.0[31]) % SHARDS
    }
}

/// A digest is evenly spread already; its first bytes are its hash.
impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_be_bytes(first));
    }
}

#[derive(Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Verified tokens, bounded, each until its own end. Refusals are never kept, so that only who holds good
/// tokens can fill it.
///
/// A shard has two generations: what is asked for moves to the young one, and when that is full the old one is
/// dropped as a whole. So what was not used for long goes first, without a list to keep in order.
#[derive(Default)]
pub(crate) struct Cache {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    young: Generation,
    old: Generation,
}

type Generation = HashMap<TokenDigest, Entry, BuildHasherDefault<DigestHasher>>;

struct Entry {
    principal: Arc<Principal>,
    /// The first moment at which the token is no longer good.
    until: Timestamp,
}

impl Cache {
    pub(crate) fn find(&self, token: TokenDigest, now: Timestamp) -> Option<Arc<Principal>> {
        let mut shard = self.shard(token);
        if let Some(entry) = shard.young.get(&token) {
            return (now < entry.until).then(|| Arc::clone(&entry.principal));
        }
        let entry = shard.old.remove(&token)?;
        if now >= entry.until {
            return None;
        }
        let principal = Arc::clone(&entry.principal);
        shard.insert(token, entry);
        Some(principal)
    }

    pub(crate) fn insert(&self, token: TokenDigest, principal: Arc<Principal>, until: Timestamp) {
        self.shard(token).insert(token, Entry { principal, until });
    }

    fn shard(&self, token: TokenDigest) -> std::sync::MutexGuard<'_, Shard> {
        self.shards[token.shard()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn insert(&mut self, token: TokenDigest, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

#[cfg(test)]
mod tests {
    use kit_runtime::Ids;

    use super::*;
    use crate::Roles;

    const END: Timestamp = Timestamp::from_seconds(100);

    fn principal() -> Arc<Principal> {
        let ids = Ids::seeded(1);
        Arc::new(Principal {
            user_id: ids.uuid().into(),
            username: "ada".to_owned(),
            roles: Roles::default(),
            session_id: ids.uuid().into(),
            epoch: 0,
            token_id: ids.uuid().into(),
            issued_at: Timestamp::from_seconds(0),
            expires_at: END,
        })
    }

    #[test]
    fn an_entry_dies_with_its_token() {
        let (cache, token) = (Cache::default(), TokenDigest::of("a"));
        cache.insert(token, principal(), END);
        let just_before = Timestamp::from_micros(END.as_micros() - 1);
        assert!(cache.find(token, just_before).is_some());
        assert!(cache.find(token, END).is_none());
        assert!(cache.find(TokenDigest::of("b"), just_before).is_none());
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let (cache, principal) = (Cache::default(), principal());
        let used = TokenDigest::of("used");
        let unused = TokenDigest::of("unused");
        cache.insert(used, Arc::clone(&principal), END);
        cache.insert(unused, Arc::clone(&principal), END);
        for number in 0..4 * SHARDS * GENERATION {
            let token = TokenDigest::of(&number.to_string());
            cache.insert(token, Arc::clone(&principal), END);
            assert!(cache.find(used, Timestamp::from_seconds(0)).is_some());
        }
        assert!(cache.find(unused, Timestamp::from_seconds(0)).is_none());
        for shard in &cache.shards {
            let shard = shard.lock().unwrap();
            assert!(shard.young.len() <= GENERATION && shard.old.len() <= GENERATION);
        }
    }
}
