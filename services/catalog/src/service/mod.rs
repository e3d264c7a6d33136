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
use crate::store;

/// Why a use case did not do what was asked.
pub(crate) type CatalogFailure = Failure<CatalogRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct CatalogService {
    units: Units,
    pictures: Pictures,
    /// How long stock is held for an order that is not paid.
    time_to_live: Duration,
}

impl CatalogService {
    pub(crate) fn new(units: Units, pictures: Pictures, time_to_live: Duration) -> Self {
        Self {
            units,
            pictures,
            time_to_live,
        }
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
