//! A small cache, its clock, and loads that end when the test says so.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_cache::{Cache, CacheDeps, CacheError, CacheMetrics, CacheSettings, Found, Versioned};
use kit_runtime::{FakeClock, Ids, Lifecycle, Timestamp};
use kit_telemetry::Metrics;
use thiserror::Error;
use tokio::sync::oneshot;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// Why a load fails here.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the source is away")]
pub(crate) struct Away;

pub(crate) type Value = &'static str;
pub(crate) type Loaded = Result<Option<Versioned<Value>>, Away>;
pub(crate) type Answer = Result<Found<Value>, CacheError<Away>>;

/// A cache with its process.
pub(crate) struct Fixture {
    pub(crate) cache: Cache<Value, Value, Away>,
    pub(crate) clock: FakeClock,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) metrics: Metrics,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut CacheSettings)) -> Self {
        let mut settings = CacheSettings::new("shelf");
        change(&mut settings);
        let (lifecycle, metrics) = (Lifecycle::new(), Metrics::new());
        let clock = FakeClock::at(Timestamp::from_seconds(1_000));
        let deps = CacheDeps {
            tasks: lifecycle.tasks(),
            clock: clock.clock(),
            ids: Ids::seeded(1),
            metrics: Some(CacheMetrics::new(&metrics)),
        };
        Self {
            cache: Cache::new(settings, deps),
            clock,
            lifecycle,
            metrics,
        }
    }

    /// What the cache holds of a key by itself; it holds nothing where it would have to load.
    pub(crate) async fn held(&self, key: Value) -> Option<Found<Value>> {
        let held = self.cache.get(&key, || ready(Err(Away))).await;
        held.ok()
    }

    /// The version that is held of a key.
    pub(crate) async fn held_version(&self, key: Value) -> Option<i64> {
        let held = self.held(key).await;
        held.flatten().map(|found| found.version)
    }

    /// A look-up whose load brings this version at once.
    pub(crate) async fn load(&self, key: Value, version: i64) -> i64 {
        let answer = self.cache.get(&key, brings(Some(version))).await;
        version_of(&answer).unwrap()
    }

    pub(crate) fn put(&self, key: Value, version: i64) {
        self.cache.put(key, of(version));
    }

    /// A look-up that is under way: its load has begun, or it waits for one that had.
    pub(crate) async fn ask(&self, key: Value, load: Held) -> Asking {
        let cache = self.cache.clone();
        let mut asking = async move { cache.get(&key, load.into_load()).await }.boxed();
        let polled = futures::poll!(asking.as_mut());
        assert!(polled.is_pending(), "its load is held");
        asking
    }
}

pub(crate) type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A value of this version.
pub(crate) fn of(version: i64) -> Versioned<Value> {
    Versioned {
        version,
        value: "value",
    }
}

/// A load that ends at once.
pub(crate) fn brings(version: Option<i64>) -> impl FnOnce() -> Ready<Loaded> + Send + 'static {
    move || ready(Ok(version.map(of)))
}

pub(crate) fn version_of(answer: &Answer) -> Option<i64> {
    answer.as_ref().ok()?.as_ref().map(|found| found.version)
}

/// A load that waits until its [`Gate`] lets it end.
pub(crate) struct Held {
    until: oneshot::Receiver<Loaded>,
}

/// Lets a load end.
pub(crate) struct Gate {
    end: oneshot::Sender<Loaded>,
}

pub(crate) fn held() -> (Gate, Held) {
    let (end, until) = oneshot::channel();
    (Gate { end }, Held { until })
}

/// For a look-up that waits for somebody else's load: it is a defect if this one runs.
pub(crate) fn never() -> Held {
    let (gate, load) = held();
    drop(gate);
    load
}

impl Held {
    pub(crate) fn into_load(self) -> impl FnOnce() -> BoxFuture<'static, Loaded> + Send + 'static {
        move || async move { self.until.await.expect("a load that must not run has run") }.boxed()
    }
}

impl Gate {
    pub(crate) fn end(self, loaded: Loaded) {
        assert!(self.end.send(loaded).is_ok(), "the load is there");
    }

    /// Whether its load has begun, or will.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.end.is_closed()
    }

    pub(crate) fn bring(self, version: i64) {
        self.end(Ok(Some(of(version))));
    }
}
