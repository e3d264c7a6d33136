//! Invalidation by the changes of other processes, consumed as a broadcast.

use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kit_bus::{Broadcast, BusError, Delivery};
use kit_event::Event;
use serde::de::DeserializeOwned;

use crate::cache::Cache;
use crate::change::Change;

/// A cache's subscription being put together; made by [`Cache::invalidated_by`].
#[must_use = "a cache hears nothing until this is started"]
pub struct Invalidation<K, V, E> {
    cache: Cache<K, V, E>,
    broadcast: Broadcast,
}

impl<K, V, E> Cache<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Lets events change this cache. The broadcast must be fresh: what it does when it connects is set here.
    ///
    /// Whenever the broadcast connects, the first time and after each interruption, the cache is cleared, since
    /// events may have been missed. *While* it is interrupted, and where an event cannot be decoded, the cache
    /// goes on answering: a value that another process changed is then seen late, but never later than its
    /// [`time_to_live`](crate::CacheSettings::time_to_live). Refusing to keep anything until the broadcast is
    /// back would turn a disturbance of the event log into a load on the source of every value. Whatever must
    /// not be seen so late has no place in a cache.
    pub fn invalidated_by(&self, broadcast: Broadcast) -> Invalidation<K, V, E> {
        let cache = self.clone();
        let broadcast = broadcast.connected(move || {
            cache.clear();
            async { Ok(()) }
        });
        Invalidation {
            cache: self.clone(),
            broadcast,
        }
    }
}

impl<K, V, E> Invalidation<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Says which keys an event changes: with [`Envelope::sequence`](kit_bus::Envelope::sequence) where that
    /// is the version of what is kept, else without a version.
    pub fn on<Ev, Changes>(mut self, read: impl Fn(&Delivery<Ev>) -> Changes + Send + Sync + 'static) -> Self
    where
        Ev: Event + DeserializeOwned + Send + 'static,
        Changes: IntoIterator<Item = Change<K>>,
    {
        let (cache, read) = (self.cache.clone(), Arc::new(read));
        self.broadcast = self.broadcast.on(move |delivery: Delivery<Ev>| {
            let (cache, read) = (cache.clone(), Arc::clone(&read));
            async move { cache.apply_all(|| read(&delivery)) }
        });
        self
    }

    /// Begins to listen, until the process stops.
    pub fn start(self) -> Result<(), BusError> {
        self.broadcast.start()
    }
}

impl<K, V, E> Cache<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Where an event is not understood, nobody knows what it made out of date: then everything is.
    fn apply_all<Changes>(&self, read: impl FnOnce() -> Changes)
    where
        Changes: IntoIterator<Item = Change<K>>,
    {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for change in read() {
                self.invalidate(change);
            }
        }));
        if outcome.is_err() {
            tracing::error!(cache = self.0.settings.name, "reading an event panicked");
            self.clear();
        }
    }
}
