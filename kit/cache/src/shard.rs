//! A part of a cache's keys, under one lock: what is kept, what is known, and what is being loaded.
//!
//! Pure state, without time or tasks, so that every race is decided here. The invariants:
//! - A load is in `flights` only while nothing new was heard of its key. Whatever tells news removes it there,
//!   and a load that is not there any more when it ends is not kept.
//! - What is kept is at least as new as what is known of its key, as long as that is remembered.
//! - That nothing is there is not kept while the key is known to be there.
//!
//! What is known is bounded apart from what is kept, so that a scan over many keys, which pushes out values,
//! does not make the cache forget deletions. What is kept is bounded by number and, where somebody says what values
//! weigh, by weight.

use std::collections::HashMap;
use std::hash::{Hash, RandomState};

use hashlink::LruCache;
use kit_runtime::Timestamp;
use tokio::sync::watch;

use crate::cache::Found;
use crate::change::{Known, Presence};
use crate::error::CacheError;

pub(crate) type Outcome<V, E> = Result<Found<V>, CacheError<E>>;
/// Sends the outcome of a load to those who wait for it.
pub(crate) type OutcomeSender<V, E> = watch::Sender<Option<Outcome<V, E>>>;
/// Receives the outcome of a load.
pub(crate) type Waiting<V, E> = watch::Receiver<Option<Outcome<V, E>>>;

pub(crate) struct Shard<K, V, E> {
    // Keys may be chosen by strangers, so they are hashed with the hasher that withstands them.
    kept: LruCache<K, Kept<V>, RandomState>,
    /// What all that is kept weighs.
    weight: usize,
    most_weight: usize,
    marks: LruCache<K, Mark, RandomState>,
    flights: HashMap<K, Flight<V, E>>,
    last_flight: FlightId,
}

/// Names a load among those of its shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

/// Something found that is kept, or is to be.
pub(crate) struct Kept<V> {
    pub(crate) found: Found<V>,
    pub(crate) until: Timestamp,
    /// In bytes; 0 where nobody weighs.
    pub(crate) weight: usize,
}

impl<V> Kept<V> {
    fn known(&self) -> Option<Known> {
        Some(Known::there(self.found.as_ref()?.version))
    }
}

struct Mark {
    known: Option<Known>,
    /// What was loaded up to then is out of date, whatever its version.
    fence: Option<Timestamp>,
    until: Timestamp,
}

struct Flight<V, E> {
    id: FlightId,
    waiting: Waiting<V, E>,
}

/// What a look-up comes upon.
pub(crate) enum LookUp<V, E> {
    Hit(Found<V>),
    /// Somebody's load is under way.
    Joined(Waiting<V, E>),
    /// The caller must load, and send the outcome.
    Began {
        id: FlightId,
        sender: OutcomeSender<V, E>,
        waiting: Waiting<V, E>,
    },
}

/// What becomes of a copy from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// It is an answer, and this became of keeping it.
    Answers(Keeping),
    /// It is older than what is known.
    Unfit,
}

/// What became of something that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    Kept,
    /// And so many others had to go for it.
    KeptInstead(u64),
    /// It weighs too much.
    TooLarge,
    /// Something newer is known, or nothing of the kind is kept.
    PassedOver,
}

impl<K: Clone + Eq + Hash, V, E> Shard<K, V, E> {
    pub(crate) fn new(entries: usize) -> Self {
        Self {
            kept: LruCache::with_hasher(entries, RandomState::new()),
            weight: 0,
            most_weight: usize::MAX,
            marks: LruCache::with_hasher(entries, RandomState::new()),
            flights: HashMap::new(),
            last_flight: FlightId::default(),
        }
    }

    /// Keeps no more than weighs so much together.
    pub(crate) fn limit_weight(&mut self, most: usize) {
        self.most_weight = most;
    }

    /// How many keys something is kept of.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn look_up(&mut self, key: &K, now: Timestamp) -> LookUp<V, E> {
        if let Some(found) = self.find(key, now) {
            return LookUp::Hit(found);
        }
        if let Some(flight) = self.flights.get(key) {
            return LookUp::Joined(flight.waiting.clone());
        }
        let (sender, waiting) = watch::channel(None);
        self.last_flight.0 += 1;
        let id = self.last_flight;
        let flight = Flight {
            id,
            waiting: waiting.clone(),
        };
        self.flights.insert(key.clone(), flight);
        LookUp::Began { id, sender, waiting }
    }

    fn find(&mut self, key: &K, now: Timestamp) -> Option<Found<V>> {
        let kept = self.kept.get(key)?;
        if now < kept.until {
            return Some(kept.found.clone());
        }
        self.drop_kept(key);
        None
    }

    /// The end of a load, whatever it was. True when nothing new was heard of the key meanwhile.
    pub(crate) fn end(&mut self, key: &K, id: FlightId) -> bool {
        let is_current = self.flights.get(key).is_some_and(|flight| flight.id == id);
        if is_current {
            self.flights.remove(key);
        }
        is_current
    }

    /// Keeps what a load brought that ended in peace.
    pub(crate) fn keep_loaded(&mut self, key: &K, loaded: Kept<V>, now: Timestamp) -> Keeping {
        let known = self.known(key, now);
        let is_fit = match loaded.known() {
            Some(version) => Some(version) >= known,
            None => known.is_none_or(|known| known.presence == Presence::Gone),
        };
        if is_fit {
            self.keep(key.clone(), loaded)
        } else {
            Keeping::PassedOver
        }
    }

    /// Ends a load by a copy whose own load had begun then, if that is no older than what is known.
    pub(crate) fn receive(
        &mut self,
        (key, id): (&K, FlightId),
        copy: Kept<V>,
        began: Timestamp,
        now: Timestamp,
    ) -> Reception {
        let is_fenced = self.fence(key, now).is_some_and(|fence| began <= fence);
        if is_fenced || now >= copy.until || copy.known() < self.known(key, now) {
            return Reception::Unfit;
        }
        Reception::Answers(if self.end(key, id) {
            self.keep(key.clone(), copy)
        } else {
            Keeping::PassedOver
        })
    }

    /// Keeps what somebody wrote.
    pub(crate) fn put(&mut self, key: K, written: Kept<V>, now: Timestamp) -> Keeping {
        if written.known() < self.known(&key, now) {
            return Keeping::PassedOver;
        }
        self.flights.remove(&key);
        self.keep(key, written)
    }

    fn keep(&mut self, key: K, kept: Kept<V>) -> Keeping {
        // What was kept before is older, whether this fits in or not.
        self.drop_kept(&key);
        if kept.weight > self.most_weight {
            return Keeping::TooLarge;
        }
        let mut pushed_out = 0;
        while self.kept.len() >= self.kept.capacity() || self.weight > self.most_weight - kept.weight {
            let Some((_, gone)) = self.kept.remove_lru() else {
                break;
            };
            self.weight -= gone.weight;
            pushed_out += 1;
        }
        self.weight += kept.weight;
        self.kept.insert(key, kept);
        match pushed_out {
            0 => Keeping::Kept,
            others => Keeping::KeptInstead(others),
        }
    }

    fn drop_kept(&mut self, key: &K) {
        if let Some(kept) = self.kept.remove(key) {
            self.weight -= kept.weight;
        }
    }

    /// Applies a change, and remembers it until a moment; false when it was known.
    pub(crate) fn apply(&mut self, key: &K, news: Option<Known>, until: Timestamp, now: Timestamp) -> bool {
        let is_news = news.is_none() || news > self.known(key, now);
        // Before anything is dropped, and even where it is no news: the value that is kept with this version may
        // go before an older one comes.
        self.remember(key.clone(), news, until, now);
        if is_news {
            self.flights.remove(key);
            self.drop_kept(key);
        }
        is_news
    }

    /// Remembers what is known of a key until a moment: that it has this version or, without one, that what was
    /// loaded up to now is out of date.
    pub(crate) fn remember(&mut self, key: K, news: Option<Known>, until: Timestamp, now: Timestamp) {
        let known = news.max(self.known(&key, now));
        let fence = match news {
            None => Some(now),
            Some(_) => self.fence(&key, now),
        };
        self.marks.insert(key, Mark { known, fence, until });
    }

    /// The latest that is known of a key.
    fn known(&self, key: &K, now: Timestamp) -> Option<Known> {
        let kept = self.kept.peek(key).filter(|kept| now < kept.until);
        let kept = kept.and_then(Kept::known);
        kept.max(self.mark(key, now).and_then(|mark| mark.known))
    }

    fn fence(&self, key: &K, now: Timestamp) -> Option<Timestamp> {
        self.mark(key, now)?.fence
    }

    fn mark(&self, key: &K, now: Timestamp) -> Option<&Mark> {
        self.marks.peek(key).filter(|mark| now < mark.until)
    }

    /// Drops all values, and makes all running loads unfit. What was told stays: it is true whatever was
    /// missed.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.weight = 0;
        self.flights.clear();
    }
}
