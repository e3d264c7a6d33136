//! The cache as its users see it.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use kit_redis::Redis;
use kit_runtime::{Clock, Ids, Tasks, Timestamp};
use kit_telemetry::Metrics;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::change::{Change, Known};
use crate::error::CacheError;
use crate::load::{Load, run_all};
use crate::metrics::{CacheMetrics, Meter};
use crate::settings::CacheSettings;
use crate::shard::{Keeping, Kept, LookUp, Shard, Waiting};
use crate::shared::Shared;

/// So many locks at most that two cores seldom want the same one.
const MOST_SHARDS: usize = 16;
/// A part that is smaller fills unevenly.
const SMALLEST_SHARD: usize = 64;

/// A value and the version of the aggregate that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versioned<V> {
    /// The aggregate's version, which grows with each change.
    pub version: i64,
    /// The value.
    pub value: V,
}

/// What a look-up finds: a value, or that nothing is there.
pub type Found<V> = Option<Arc<Versioned<V>>>;

/// What a cache needs of its process.
#[derive(Clone, Debug)]
pub struct CacheDeps {
    /// The tasks on which loads run.
    pub tasks: Tasks,
    /// The time that entries end by.
    pub clock: Clock,
    /// The randomness of when they end.
    pub ids: Ids,
    /// Where look-ups are counted, if anywhere.
    pub metrics: Option<CacheMetrics>,
}

/// Values of type `V` by keys of type `K`, whose loads fail with `E`. A cheap handle.
pub struct Cache<K, V, E>(pub(crate) Arc<Inner<K, V, E>>);

pub(crate) struct Inner<K, V, E> {
    pub(crate) settings: CacheSettings,
    pub(crate) deps: CacheDeps,
    pub(crate) meter: Meter,
    /// Where there is a Redis behind the memory.
    pub(crate) shared: Option<Shared<K, V>>,
    /// What an entry weighs, in bytes, where somebody says so.
    weigh: OnceLock<fn(&K, &V) -> usize>,
    hasher: RandomState,
    shards: Box<[Mutex<Shard<K, V, E>>]>,
}

impl<K, V, E> Cache<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Makes an empty one, in memory alone.
    pub fn new(settings: CacheSettings, deps: CacheDeps) -> Self {
        Self::with(settings, deps, None)
    }

    /// Makes an empty one that, where there is a Redis, shares with other processes what it loads. A key's name
    /// there is its text, and a value's is its JSON.
    ///
    /// What an age limits is remembered for at least as long: copies live longer than what this process holds.
    pub fn layered(mut settings: CacheSettings, deps: CacheDeps, redis: Option<Redis>) -> Self
    where
        K: Display,
        V: Serialize + DeserializeOwned,
    {
        settings.remembered = settings.remembered.max(settings.time_to_live);
        let shared = redis.map(|redis| Shared::new(redis, &settings));
        Self::with(settings, deps, shared)
    }

    fn with(settings: CacheSettings, deps: CacheDeps, shared: Option<Shared<K, V>>) -> Self {
        let shards = (settings.entries / SMALLEST_SHARD).clamp(1, MOST_SHARDS);
        let entries = settings.entries / shards;
        // Without a place to be seen they are counted all the same: the way of a hit has no branch for that.
        let metrics = deps.metrics.clone();
        let metrics = metrics.unwrap_or_else(|| CacheMetrics::new(&Metrics::new()));
        Self(Arc::new(Inner {
            meter: Meter::new(metrics, settings.name),
            shared,
            weigh: OnceLock::new(),
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::new(Shard::new(entries))).collect(),
            settings,
            deps,
        }))
    }

    /// The same, whose entries together take at most so many bytes, by what `weigh` says of each: what was not used
    /// for longest goes first. One that is larger than a sixteenth of that may be kept nowhere, and is loaded each
    /// time. To be said before the first look-up.
    #[must_use]
    pub fn weighed(self, bytes: usize, weigh: fn(&K, &V) -> usize) -> Self {
        let most = bytes / self.0.shards.len();
        for shard in &self.0.shards {
            self.0.in_shard(shard, |shard| shard.limit_weight(most));
        }
        self.0.weigh.get_or_init(|| weigh);
        self
    }

    /// Looks a key up, and loads it if it is not kept. Whoever asks while a load of the key runs waits for that
    /// one, unless there was news of the key since it began.
    ///
    /// The load is not bound to its caller: it goes on when that one is gone, and no deadline of the caller's
    /// belongs into it.
    pub async fn get<Fut>(
        &self,
        key: &K,
        load: impl FnOnce() -> Fut + Send + 'static,
    ) -> Result<Found<V>, CacheError<E>>
    where
        Fut: Future<Output = Result<Option<Versioned<V>>, E>> + Send + 'static,
    {
        let began = self.0.deps.clock.now();
        let mut started = None;
        let looked_up = self.look_up(key, began, |running| started = Some(running));
        // Whoever has nothing to load holds nothing of it while they wait.
        match started {
            Some(running) => self.0.deps.tasks.spawn("cache.load", running.run(began, load)),
            None => drop(load),
        }
        self.found(looked_up).await
    }

    /// Looks several keys up, and loads those together that are neither kept nor being loaded: `load` is told which,
    /// and a key that it brings nothing of is not there. In the order of the keys; what is said of [`Cache::get`]
    /// holds for each of them.
    pub async fn get_all<Fut>(
        &self,
        keys: &[K],
        load: impl FnOnce(Vec<K>) -> Fut + Send + 'static,
    ) -> Result<Vec<Found<V>>, CacheError<E>>
    where
        Fut: Future<Output = Result<HashMap<K, Versioned<V>>, E>> + Send + 'static,
    {
        let began = self.0.deps.clock.now();
        let mut started = Vec::new();
        let looked_up: Vec<_> = keys
            .iter()
            .map(|key| self.look_up(key, began, |running| started.push(running)))
            .collect();
        if started.is_empty() {
            drop(load);
        } else {
            let running = run_all(Arc::clone(&self.0), started, began, load);
            self.0.deps.tasks.spawn("cache.load", running);
        }
        let mut all = Vec::with_capacity(looked_up.len());
        for looked_up in looked_up {
            all.push(self.found(looked_up).await?);
        }
        Ok(all)
    }

    async fn found(&self, looked_up: Result<Found<V>, Waiting<V, E>>) -> Result<Found<V>, CacheError<E>> {
        let mut waiting = match looked_up {
            Ok(found) => return Ok(found),
            Err(waiting) => waiting,
        };
        let outcome = match waiting.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        outcome.unwrap_or(Err(CacheError::Lost {
            cache: self.0.settings.name,
        }))
    }

    /// What is held, or else where a load is waited for; where nobody loads, `begin` is given one to run.
    fn look_up(
        &self,
        key: &K,
        now: Timestamp,
        begin: impl FnOnce(Load<K, V, E>),
    ) -> Result<Found<V>, Waiting<V, E>> {
        let inner = &self.0;
        let looked_up = inner.with_shard(key, |shard| shard.look_up(key, now));
        match looked_up {
            LookUp::Hit(found) => {
                inner.meter.hit();
                Ok(found)
            }
            LookUp::Joined(waiting) => {
                inner.meter.joined();
                Err(waiting)
            }
            LookUp::Began { id, sender, waiting } => {
                inner.meter.missed();
                begin(Load::new(Arc::clone(inner), key.clone(), id, sender));
                Err(waiting)
            }
        }
    }

    /// Keeps a value that its caller has just written, unless a newer one is known.
    pub fn put(&self, key: K, value: Versioned<V>) {
        let inner = &self.0;
        let now = inner.deps.clock.now();
        let until = inner.until(now, inner.settings.time_to_live);
        let news = Some(Known::there(value.version));
        let remembered = now.plus(inner.settings.remembered);
        let written = inner.kept(&key, Some(Arc::new(value)), until);
        let kept = inner.with_shard(&key, |shard| {
            let kept = shard.put(key.clone(), written, now);
            if kept != Keeping::PassedOver {
                // The value may go before an older one comes.
                shard.remember(key.clone(), news, remembered, now);
            }
            kept
        });
        inner.meter.keeping(kept);
        if kept != Keeping::PassedOver {
            self.share(key, news);
        }
    }

    /// Applies a change: drops what is older, and keeps what is older from coming back.
    pub fn invalidate(&self, change: Change<K>) {
        let inner = &self.0;
        let now = inner.deps.clock.now();
        let until = now.plus(inner.settings.remembered);
        let Change { key, news } = change;
        let is_news = inner.with_shard(&key, |shard| shard.apply(&key, news, until, now));
        if is_news {
            self.share(key, news);
        }
    }

    /// Shares a change with Redis. Nobody waits for it: this process itself believes no copy that
    /// contradicts what it was told, and the others hear of it by themselves.
    fn share(&self, key: K, news: Option<Known>) {
        if self.0.shared.is_none() {
            return;
        }
        let inner = Arc::clone(&self.0);
        self.0.deps.tasks.spawn("cache.tell", async move {
            if let Some(shared) = &inner.shared {
                shared.record_change(&key, news, &inner.deps.clock).await;
            }
        });
    }

    /// Drops everything: for whoever may have missed news. Loads that run are not kept, and copies that others
    /// made before are not believed.
    pub fn clear(&self) {
        if let Some(shared) = &self.0.shared {
            shared.distrust_before(self.0.deps.clock.now());
        }
        for shard in &self.0.shards {
            self.0.in_shard(shard, Shard::clear);
        }
    }
}

impl<K: Clone + Eq + Hash, V, E> Inner<K, V, E> {
    /// When something ends: the last tenth of its time is random.
    pub(crate) fn until(&self, from: Timestamp, span: Duration) -> Timestamp {
        let tenth = u64::try_from((span / 10).as_micros()).unwrap_or(u64::MAX - 1);
        let early = u64::from_be_bytes(self.deps.ids.random()) % (tenth + 1);
        from.plus(span.saturating_sub(Duration::from_micros(early)))
    }

    /// Something found as it is kept.
    pub(crate) fn kept(&self, key: &K, found: Found<V>, until: Timestamp) -> Kept<V> {
        let weigh = self.weigh.get().zip(found.as_ref());
        let weight = weigh.map_or(0, |(weigh, found)| weigh(key, &found.value));
        Kept { found, until, weight }
    }

    pub(crate) fn with_shard<T>(&self, key: &K, work: impl FnOnce(&mut Shard<K, V, E>) -> T) -> T {
        self.in_shard(self.shard(key), work)
    }

    fn shard(&self, key: &K) -> &Mutex<Shard<K, V, E>> {
        // Half of a hash is enough, and fits everywhere.
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or_default();
        &self.shards[hash % self.shards.len()]
    }

    fn in_shard<T>(&self, shard: &Mutex<Shard<K, V, E>>, work: impl FnOnce(&mut Shard<K, V, E>) -> T) -> T {
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shard.len();
        let done = work(&mut shard);
        self.meter.resized(before, shard.len());
        done
    }
}

impl<K, V, E> Clone for Cache<K, V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V, E> fmt::Debug for Cache<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({})", self.0.settings.name)
    }
}
