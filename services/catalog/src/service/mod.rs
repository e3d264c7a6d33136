//! Catalog's use cases: each loads, decides and saves, in one unit of work.

mod categories;
mod contract;
mod editing;
mod images;
mod importing;
mod products;
mod reservations;
mod search;
mod stock;

use std::time::Duration;

use catalog_api::CatalogRefusal;
use kit_db::StoreError;
use kit_http::FieldError;
use kit_service::{Failure, Units};
use kit_values::Slug;

use crate::pictures::Pictures;
use crate::reads::{Certainty, Changed, Reads};
use crate::store;

/// Why a use case did not do what was asked.
pub(crate) type CatalogFailure = Failure<CatalogRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct CatalogService {
    units: Units,
    pictures: Pictures,
    reads: Reads,
    /// How long stock is held for an order that is not paid.
    time_to_live: Duration,
}

impl CatalogService {
    pub(crate) fn new(units: Units, pictures: Pictures, reads: Reads, time_to_live: Duration) -> Self {
        Self {
            units,
            pictures,
            reads,
            time_to_live,
        }
    }

    /// Runs a write, and drops what it has made out of date before anybody is answered. Where it is not known
    /// whether it was done, so is what it would have changed.
    async fn changing<T>(
        &self,
        changed: &Changed,
        write: impl Future<Output = Result<T, CatalogFailure>>,
    ) -> Result<T, CatalogFailure> {
        let ended = write.await;
        match &ended {
            Ok(_) => self.reads.apply(changed, Certainty::Done),
            Err(failure) if failure.is_fault() => self.reads.apply(changed, Certainty::Unknown),
            Err(_) => {}
        }
        ended
    }

    /// As [`Self::changing`], for the effect of an event.
    pub(crate) async fn changing_by_event<T, E>(
        &self,
        changed: &Changed,
        effect: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let ended = effect.await;
        let certainty = if ended.is_ok() {
            Certainty::Done
        } else {
            Certainty::Unknown
        };
        self.reads.apply(changed, certainty);
        ended
    }
}

/// A member names something that is not there.
fn unknown(pointer: &str, what: &str) -> CatalogFailure {
    Failure::Invalid(vec![FieldError::new(pointer, format!("there is no such {what}"))])
}

/// What a write of something with a slug failed with.
fn not_saved(error: StoreError, slug: &Slug) -> CatalogFailure {
    if store::is_slug_taken(&error) {
        slug_taken(slug)
    } else {
        error.into()
    }
}

fn slug_taken(slug: &Slug) -> CatalogFailure {
    let slug = slug.clone();
    Failure::Refused(CatalogRefusal::SlugTaken { slug })
}
