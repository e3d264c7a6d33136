//! Changes of a key that invalidate its entry.

/// News of a key: it has a version now, is deleted, or is somehow different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<K> {
    pub(crate) key: K,
    pub(crate) news: Option<Known>,
}

impl<K> Change<K> {
    /// The key's aggregate has this version by now. Without one, whatever is kept is out of date.
    pub fn updated(key: K, version: impl Into<Option<i64>>) -> Self {
        Self::new(key, version.into(), Presence::Present)
    }

    /// The key's aggregate was deleted; this was its last version, or the version of its deletion. Without one,
    /// whatever is kept is out of date, and nothing is left behind that holds late puts off.
    pub fn deleted(key: K, version: impl Into<Option<i64>>) -> Self {
        Self::new(key, version.into(), Presence::Gone)
    }

    fn new(key: K, version: Option<i64>, presence: Presence) -> Self {
        let news = version.map(|version| Known { version, presence });
        Self { key, news }
    }
}

/// What is known of an aggregate. Ordered by how late in its life it is: what was deleted with a version comes
/// after that version and before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) version: i64,
    pub(crate) presence: Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Presence {
    Present,
    Gone,
}

impl Known {
    pub(crate) fn there(version: i64) -> Self {
        Self {
            version,
            presence: Presence::Present,
        }
    }
}
