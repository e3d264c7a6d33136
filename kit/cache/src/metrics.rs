//! What is measured about caches, by their names.

use std::time::Duration;

use kit_telemetry::{Metrics, latency_buckets};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::shard::Keeping;

type Label = (&'static str, &'static str);

/// The caches' metrics of a node; made once, and given to each of its caches.
#[derive(Clone, Debug)]
pub struct CacheMetrics {
    lookups: Family<[Label; 2], Counter>,
    loads: Family<[Label; 2], Counter>,
    copies: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram>,
    evictions: Family<[Label; 1], Counter>,
    entries: Family<[Label; 1], Gauge>,
}

impl CacheMetrics {
    /// Registers the metrics.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds =
            Family::new_with_constructor((|| Histogram::new(latency_buckets())) as fn() -> Histogram);
        Self {
            lookups: metrics.register(
                "cache_lookups",
                "Look-ups: a hit, a miss, or joined to a load that was under way",
                Family::default(),
            ),
            loads: metrics.register("cache_loads", "Loads by how they ended", Family::default()),
            copies: metrics.register(
                "cache_copies",
                "Looks into Redis before a load, by what was found",
                Family::default(),
            ),
            seconds: metrics.register(
                "cache_load_seconds",
                "How long loads took that came to an end",
                seconds,
            ),
            evictions: metrics.register(
                "cache_evictions",
                "Entries that had to go for others",
                Family::default(),
            ),
            entries: metrics.register("cache_entries", "Entries that are kept", Family::default()),
        }
    }
}

/// What a look into Redis was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It spared the load.
    Used,
    Missing,
    /// Older than what this process knows.
    Outdated,
    Unreadable,
    Away,
}

impl Seen {
    fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Missing => "missing",
            Self::Outdated => "outdated",
            Self::Unreadable => "unreadable",
            Self::Away => "away",
        }
    }
}

/// How a load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Kept,
    /// By a copy from Redis.
    Copied,
    /// Overtaken by news, or the absence of something.
    NotKept,
    Failed,
    TooSlow,
    /// By a panic, or with the process.
    Lost,
}

impl Ended {
    fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Copied => "copied",
            Self::NotKept => "not_kept",
            Self::Failed => "failed",
            Self::TooSlow => "too_slow",
            Self::Lost => "lost",
        }
    }
}

/// The metrics of one cache; those of a look-up are found once.
pub(crate) struct Meter {
    cache: Label,
    metrics: CacheMetrics,
    hits: Counter,
    misses: Counter,
    joined: Counter,
    evictions: Counter,
    entries: Gauge,
}

impl Meter {
    pub(crate) fn new(metrics: CacheMetrics, name: &'static str) -> Self {
        let cache = ("cache", name);
        let lookups = |outcome| {
            metrics
                .lookups
                .get_or_create_owned(&[cache, ("outcome", outcome)])
        };
        Self {
            cache,
            hits: lookups("hit"),
            misses: lookups("miss"),
            joined: lookups("joined"),
            evictions: metrics.evictions.get_or_create_owned(&[cache]),
            entries: metrics.entries.get_or_create_owned(&[cache]),
            metrics,
        }
    }

    pub(crate) fn hit(&self) {
        self.hits.inc();
    }

    pub(crate) fn missed(&self) {
        self.misses.inc();
    }

    pub(crate) fn joined(&self) {
        self.joined.inc();
    }

    pub(crate) fn loaded(&self, ended: Ended) {
        let labels = [self.cache, ("outcome", ended.name())];
        self.metrics.loads.get_or_create(&labels).inc();
    }

    pub(crate) fn looked(&self, seen: Seen) {
        let labels = [self.cache, ("outcome", seen.name())];
        self.metrics.copies.get_or_create(&labels).inc();
    }

    pub(crate) fn took(&self, span: Duration) {
        let seconds = self.metrics.seconds.get_or_create(&[self.cache]);
        seconds.observe(span.as_secs_f64());
    }

    pub(crate) fn keeping(&self, kept: Keeping) {
        if let Keeping::KeptInstead(others) = kept {
            self.evictions.inc_by(others);
        }
    }

    pub(crate) fn resized(&self, before: usize, after: usize) {
        let count = |entries| i64::try_from(entries).unwrap_or(i64::MAX);
        if before != after {
            self.entries.inc_by(count(after) - count(before));
        }
    }
}
