//! How a cache behaves. Plain values: this crate reads no configuration.

use std::time::Duration;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// Its name in metrics and errors.
    pub name: &'static str,
    /// How many keys it holds at most.
    pub entries: usize,
    /// How long a value is kept at most, counted from the beginning of its load: the bound on how old a value
    /// can be when nobody told of its change.
    pub time_to_live: Duration,
    /// Whether it is kept that nothing is there.
    pub absence: Absence,
    /// How long a load may take.
    pub load_limit: Duration,
    /// How long it is remembered which version a key was told to have, or was deleted with. Longer than a put
    /// can be late and a read replica can lag behind.
    pub remembered: Duration,
}

/// What becomes of "there is no such thing".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Asked again each time.
    NotKept,
    /// Kept for at most so long. Right where creations are told like other changes, or where it does no harm
    /// that something new is seen late.
    KeptFor(Duration),
}

impl CacheSettings {
    /// Ten thousand entries of five minutes each; absence is not kept.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            entries: 10_000,
            time_to_live: Duration::from_mins(5),
            absence: Absence::NotKept,
            load_limit: Duration::from_secs(10),
            remembered: Duration::from_mins(5),
        }
    }

    /// How long this may be kept, if at all.
    pub(crate) fn span_of<T>(&self, found: Option<&T>) -> Option<Duration> {
        match (found, self.absence) {
            (Some(_), _) => Some(self.time_to_live),
            (None, Absence::KeptFor(span)) => Some(span),
            (None, Absence::NotKept) => None,
        }
    }
}
