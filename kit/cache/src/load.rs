//! One load, from the miss to its end.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use kit_runtime::Timestamp;

use crate::cache::{Found, Inner, Versioned};
use crate::error::CacheError;
use crate::metrics::{Ended, Seen};
use crate::shard::{FlightId, Keeping, Outcome, OutcomeSender, Reception};
use crate::shared::{Copied, Looked, Since};

/// A load that others may wait for. However it ends, also by a panic or with the process, its key can be loaded
/// again and nobody waits any more: when this is dropped, so is where it tells its end.
pub(crate) struct Load<K: Clone + Eq + Hash, V, E> {
    cache: Arc<Inner<K, V, E>>,
    key: K,
    id: FlightId,
    sender: OutcomeSender<V, E>,
    has_ended: bool,
}

/// What came of looking into Redis.
enum Look<V> {
    Answers(Arc<Versioned<V>>),
    /// Nothing to go by; what is loaded from now on may be shared.
    Nothing(Since),
}

impl<K: Clone + Eq + Hash, V, E> Load<K, V, E> {
    pub(crate) fn new(cache: Arc<Inner<K, V, E>>, key: K, id: FlightId, sender: OutcomeSender<V, E>) -> Self {
        Self {
            cache,
            key,
            id,
            sender,
            has_ended: false,
        }
    }

    /// `began` is the moment from which the value's time counts: it may have changed since.
    pub(crate) async fn run<Fut>(mut self, began: Timestamp, load: impl FnOnce() -> Fut)
    where
        Fut: Future<Output = Result<Option<Versioned<V>>, E>>,
    {
        let since = match self.look().await {
            Some(Look::Answers(found)) => {
                self.send_outcome(Ok(Some(found)));
                return;
            }
            Some(Look::Nothing(since)) => Some(since),
            None => None,
        };
        let (cache, limit) = (self.cache.settings.name, self.cache.settings.load_limit);
        // The load is called in here, so that its panic is this task's.
        let loaded = tokio::time::timeout(limit, async { load().await }).await;
        let now = self.cache.deps.clock.now();
        self.cache.meter.took(now.since(began));
        match loaded {
            Ok(Ok(found)) => {
                let found = found.map(Arc::new);
                let kept = self.keep(found.clone(), began);
                self.send_outcome(Ok(found.clone()));
                if let (Some(until), Some(value), Some(since)) = (kept, found, since) {
                    self.share(&value, since, until.since(now)).await;
                }
            }
            Ok(Err(error)) => {
                self.end_without(Ended::Failed);
                self.send_outcome(Err(CacheError::Failed(Arc::new(error))));
            }
            Err(_) => {
                self.end_without(Ended::TooSlow);
                self.send_outcome(Err(CacheError::TooSlow { cache, limit }));
            }
        }
    }

    fn send_outcome(&self, outcome: Outcome<V, E>) {
        // Whoever waited may be gone.
        self.sender.send_replace(Some(outcome));
    }

    /// Looks into Redis; nothing where there is none, or none that answers.
    async fn look(&mut self) -> Option<Look<V>> {
        let shared = self.cache.shared.as_ref()?;
        let (seen, look) = match shared.look(&self.key, &self.cache.deps.clock).await {
            Looked::Copy(copy) if self.receives(&copy) => (Seen::Used, Some(Look::Answers(copy.found))),
            Looked::Copy(copy) => (Seen::Outdated, Some(Look::Nothing(copy.since))),
            Looked::Missing(since) => (Seen::Missing, Some(Look::Nothing(since))),
            Looked::Unreadable(since) => (Seen::Unreadable, Some(Look::Nothing(since))),
            Looked::Away => (Seen::Away, None),
        };
        self.cache.meter.looked(seen);
        if seen == Seen::Used {
            self.count(Ended::Copied);
        }
        look
    }

    /// Whether a copy is as good as what a load could bring that had begun when the copy's did.
    fn receives(&self, copy: &Copied<V>) -> bool {
        let inner = &self.cache;
        let until = inner.until(copy.began, inner.settings.time_to_live);
        let now = inner.deps.clock.now();
        let received = inner.with_shard(&self.key, |shard| {
            // In here, so that a cache that is cleared meanwhile clears this as well.
            if inner
                .shared
                .as_ref()
                .is_some_and(|shared| shared.trusts(copy.began))
            {
                shard.receive((&self.key, self.id), &copy.found, (copy.began, until), now)
            } else {
                Reception::Unfit
            }
        });
        match received {
            Reception::Answers(kept) => {
                inner.meter.keeping(kept);
                true
            }
            Reception::Unfit => false,
        }
    }

    /// Keeps what was loaded; until when, if it was.
    fn keep(&mut self, found: Found<V>, began: Timestamp) -> Option<Timestamp> {
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
        let (ended, until) = match kept {
            Keeping::PassedOver => (Ended::NotKept, None),
            Keeping::Kept | Keeping::KeptInstead => (Ended::Kept, until),
        };
        self.count(ended);
        until
    }

    async fn share(&self, value: &Versioned<V>, since: Since, span: Duration) {
        if let Some(shared) = &self.cache.shared {
            shared.fill(&self.key, value, since, span).await;
        }
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
