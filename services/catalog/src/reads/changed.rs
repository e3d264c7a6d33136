//! What a write has changed of what customers look at.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use catalog_api::ProductId;

/// Something that is shown differently from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// A product has this version.
    Product { id: ProductId, version: i64 },
    /// Another number is available of a product.
    Stock(ProductId),
    /// The tree of categories.
    Categories,
}

impl Change {
    pub(crate) const fn product(id: ProductId, version: i64) -> Self {
        Self::Product { id, version }
    }
}

/// Whether a write was done, as far as its end tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    Done,
    /// It may have been done, or not.
    Unknown,
}

/// What a unit of work notes while it runs, for whoever sees it end. A cheap handle: the unit has one, and its caller
/// another. A unit that runs again notes again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed(Arc<Mutex<BTreeSet<Change>>>);

impl Changed {
    pub(crate) fn note(&self, change: Change) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(change);
    }

    pub(super) fn take(&self) -> BTreeSet<Change> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
