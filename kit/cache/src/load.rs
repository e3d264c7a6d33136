//! One load, from the miss to its end.

use std::hash::Hash;
use std::sync::Arc;

use kit_runtime::Timestamp;

use crate::cache::{Found, Inner, Versioned};
use crate::error::CacheError;
use crate::metrics::Ended;
use crate::shard::{FlightId, Keeping, Telling};

/// A load that others may wait for. However it ends, also by a panic or with the process, its key can be loaded
/// again and nobody waits any more: when this is dropped, so is where it tells its end.
pub(crate) struct Load<K: Clone + Eq + Hash, V, E> {
    cache: Arc<Inner<K, V, E>>,
    key: K,
    id: FlightId,
    telling: Telling<V, E>,
    has_ended: bool,
}

impl<K: Clone + Eq + Hash, V, E> Load<K, V, E> {
    pub(crate) fn new(cache: Arc<Inner<K, V, E>>, key: K, id: FlightId, telling: Telling<V, E>) -> Self {
        Self {
            cache,
            key,
            id,
            telling,
            has_ended: false,
        }
    }

    /// `began` is the moment from which the value's time counts: it may have changed since.
    pub(crate) async fn run<Fut>(mut self, began: Timestamp, load: impl FnOnce() -> Fut)
    where
        Fut: Future<Output = Result<Option<Versioned<V>>, E>>,
    {
        let (cache, limit) = (self.cache.settings.name, self.cache.settings.load_limit);
        // The load is called in here, so that its panic is this task's.
        let loaded = tokio::time::timeout(limit, async { load().await }).await;
        let now = self.cache.deps.clock.now();
        self.cache.meter.took(now.since(began));
        let outcome = match loaded {
            Ok(Ok(found)) => {
                let found = found.map(Arc::new);
                self.keep(found.clone(), began);
                Ok(found)
            }
            Ok(Err(error)) => {
                self.end_without(Ended::Failed);
                Err(CacheError::Failed(Arc::new(error)))
            }
            Err(_) => {
                self.end_without(Ended::TooSlow);
                Err(CacheError::TooSlow { cache, limit })
            }
        };
        // Whoever waited may be gone.
        self.telling.send_replace(Some(outcome));
    }

    fn keep(&mut self, found: Found<V>, began: Timestamp) {
        let inner = &self.cache;
        let now = inner.deps.clock.now();
        let span = inner.settings.span_of(found.as_ref());
        let until = span.map(|span| inner.until(began, span));
        // Ended and kept under one lock, so that nobody in between begins another load.
        let kept = inner.with_shard(&self.key, |shard| {
            let is_undisturbed = shard.end(&self.key, self.id);
            match until {
                Some(until) if is_undisturbed => shard.keep_loaded(&self.key, found, until, now),
                _ => Keeping::PassedOver,
            }
        });
        inner.meter.keeping(kept);
        self.count(match kept {
            Keeping::PassedOver => Ended::NotKept,
            Keeping::Kept | Keeping::KeptInstead => Ended::Kept,
        });
    }

    fn end_without(&mut self, ended: Ended) {
        self.cache
            .with_shard(&self.key, |shard| shard.end(&self.key, self.id));
        self.count(ended);
    }

    fn count(&mut self, ended: Ended) {
        self.has_ended = true;
        self.cache.meter.loaded(ended);
    }
}

impl<K: Clone + Eq + Hash, V, E> Drop for Load<K, V, E> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_without(Ended::Lost);
        }
    }
}
