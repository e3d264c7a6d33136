//! Readers keep the bytes that they read. Who replaces or deletes an object removes its files after the commit, but
//! a reader that began before may not have read them all.
//!
//! A reader pins the key *before* it looks the object up, and the writer looks for pins *after* its commit: whoever
//! saw the old row is found. The files then go with the last reader of that time; a reader who comes later pins anew,
//! so that a key that is always being read does not keep its past for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Leftovers;

type Key = (String, String);

/// Who reads what. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    by_key: Arc<Mutex<HashMap<Key, Weak<Pin>>>>,
    leftovers: Leftovers,
}

/// Held for as long as something of a key is being read.
#[derive(Debug)]
pub(crate) struct Pin {
    pins: Pins,
    key: Key,
    doomed: Mutex<Vec<String>>,
}

impl Pins {
    pub(crate) fn new(leftovers: Leftovers) -> Self {
        Self {
            by_key: Arc::default(),
            leftovers,
        }
    }

    /// For a reader, before it looks the object up.
    pub(crate) fn pin(&self, bucket: &str, key: &str) -> Arc<Pin> {
        let key = (bucket.to_owned(), key.to_owned());
        let mut by_key = self.lock();
        if let Some(pin) = by_key.get(&key).and_then(Weak::upgrade) {
            return pin;
        }
        let pin = Arc::new(Pin {
            pins: self.clone(),
            key: key.clone(),
            doomed: Mutex::default(),
        });
        by_key.insert(key, Arc::downgrade(&pin));
        pin
    }

    /// For a writer, after its commit: the files go once those who may read them have ended.
    pub(crate) fn remove_files(&self, bucket: &str, key: &str, files: Vec<String>) {
        if files.is_empty() {
            return;
        }
        let pin = self.lock().remove(&(bucket.to_owned(), key.to_owned()));
        match pin.and_then(|pin| pin.upgrade()) {
            Some(pin) => pin.lock().extend(files),
            None => files.into_iter().for_each(|file| self.leftovers.file(file)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Weak<Pin>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pin {
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.doomed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut by_key = self.pins.lock();
        // Somebody may have pinned anew meanwhile.
        if by_key.get(&self.key).is_some_and(|pin| pin.strong_count() == 0) {
            by_key.remove(&self.key);
        }
        drop(by_key);
        for file in self.lock().drain(..) {
            self.pins.leftovers.file(file);
        }
    }
}
