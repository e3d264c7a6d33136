//! Looking for products.

use catalog_api::{Facets, ProductFilter, ProductListing};
use kit_http::Anyone;
use kit_http::extract::{ForeignCursor, Page, PageRequest};
use kit_service::{Call, Failure};

use super::products::sees_archived;
use super::{CatalogFailure, CatalogService};
use crate::domain::{ListingKey, ProductSearch, Scope};
use crate::reads::Reads;

impl CatalogService {
    /// Products that fit, and what the search can be narrowed by.
    pub(crate) async fn list_products(
        &self,
        call: &Call<Anyone>,
        filter: ProductFilter,
        request: &PageRequest,
    ) -> Result<ProductListing, CatalogFailure> {
        let scope = Scope::read(filter, sees_archived(&call.actor));
        match scope.map_err(|message| Failure::InvalidQuery(message.into()))? {
            Scope::Search(search) => list(&self.reads_of(&call.actor), search, request).await,
            Scope::Nothing => Ok(ProductListing {
                page: Page::cut(Vec::new(), request, |_| String::new()),
                facets: Facets::default(),
            }),
        }
    }
}

async fn list(
    reads: &Reads,
    search: ProductSearch,
    request: &PageRequest,
) -> Result<ProductListing, CatalogFailure> {
    let (after, limit) = request.rows::<ListingKey>()?;
    // A key says nothing about a list in another order.
    if after.is_some_and(|key| key.sort != search.sort) {
        return Err(ForeignCursor.into());
    }
    Ok(reads.list_products((search, after), request, limit).await?)
}
