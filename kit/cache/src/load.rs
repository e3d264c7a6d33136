//! One load, or several together, from the miss to the end.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
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
    pub(crate) async fn run<Fut>(self, began: Timestamp, load: impl FnOnce() -> Fut)
    where
        Fut: Future<Output = Result<Option<Versioned<V>>, E>>,
    {
        let Some((running, since)) = self.look_first().await else {
            return;
        };
        match running.cache.clone().limited(began, load).await {
            Ok(found) => running.succeed(found, since, began).await,
            Err((ended, error)) => running.fail(ended, error),
        }
    }

    /// Ends by a copy from Redis; or, where there is none to go by, goes on, and says from when on what it brings
    /// may be shared.
    async fn look_first(mut self) -> Option<(Self, Option<Since>)> {
        match self.look().await {
            Some(Look::Answers(found)) => {
                self.send_outcome(Ok(Some(found)));
                None
            }
            Some(Look::Nothing(since)) => Some((self, Some(since))),
            None => Some((self, None)),
        }
    }

    async fn succeed(mut self, found: Option<Versioned<V>>, since: Option<Since>, began: Timestamp) {
        let found = found.map(Arc::new);
        let now = self.cache.deps.clock.now();
        let kept = self.keep(found.clone(), began);
        self.send_outcome(Ok(found.clone()));
        if let (Some(until), Some(value), Some(since)) = (kept, found, since) {
            self.share(&value, since, until.since(now)).await;
        }
    }

    fn fail(mut self, ended: Ended, error: CacheError<E>) {
        self.end_without(ended);
        self.send_outcome(Err(error));
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

    /// Whether a copy is as good as what a load could bring that had started when the copy's did.
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
                let copied = inner.kept(&self.key, Some(Arc::clone(&copy.found)), until);
                shard.receive((&self.key, self.id), copied, copy.began, now)
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
        let loaded = until.map(|until| inner.kept(&self.key, found, until));
        // Ended and kept under one lock, so that nobody in between begins another load.
        let kept = inner.with_shard(&self.key, |shard| {
            let is_undisturbed = shard.end(&self.key, self.id);
            match loaded {
                Some(loaded) if is_undisturbed => shard.keep_loaded(&self.key, loaded, now),
                _ => Keeping::PassedOver,
            }
        });
        inner.meter.keeping(kept);
        let (ended, until) = match kept {
            Keeping::PassedOver | Keeping::TooLarge => (Ended::NotKept, None),
            Keeping::Kept | Keeping::KeptInstead(_) => (Ended::Kept, until),
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

impl<K: Clone + Eq + Hash, V, E> Inner<K, V, E> {
    /// Runs a load for as long as one may take.
    async fn limited<T, Fut>(
        &self,
        began: Timestamp,
        load: impl FnOnce() -> Fut,
    ) -> Result<T, (Ended, CacheError<E>)>
    where
        Fut: Future<Output = Result<T, E>>,
    {
        let (cache, limit) = (self.settings.name, self.settings.load_limit);
        // The load is called in here, so that its panic is this task's.
        let loaded = tokio::time::timeout(limit, async { load().await }).await;
        self.meter.took(self.deps.clock.now().since(began));
        match loaded {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err((Ended::Failed, CacheError::Failed(Arc::new(error)))),
            Err(_) => Err((Ended::TooSlow, CacheError::TooSlow { cache, limit })),
        }
    }
}

/// Runs several loads as one. Each began by itself before this is called, so news of any of them is noticed from
/// before the common load on.
pub(crate) async fn run_all<K, V, E, Fut>(
    cache: Arc<Inner<K, V, E>>,
    started: Vec<Load<K, V, E>>,
    began: Timestamp,
    load: impl FnOnce(Vec<K>) -> Fut,
) where
    K: Clone + Eq + Hash,
    Fut: Future<Output = Result<HashMap<K, Versioned<V>>, E>>,
{
    let looked = join_all(started.into_iter().map(Load::look_first)).await;
    let open: Vec<_> = looked.into_iter().flatten().collect();
    if open.is_empty() {
        return;
    }
    let keys = open.iter().map(|(running, _)| running.key.clone()).collect();
    match cache.limited(began, || load(keys)).await {
        Ok(mut found) => {
            let succeeding = open.into_iter().map(|(running, since)| {
                let value = found.remove(&running.key);
                running.succeed(value, since, began)
            });
            join_all(succeeding).await;
        }
        Err((ended, error)) => {
            for (running, _) in open {
                running.fail(ended, error.clone());
            }
        }
    }
}

impl<K: Clone + Eq + Hash, V, E> Drop for Load<K, V, E> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_without(Ended::Lost);
        }
    }
}
