//! Looking for products.

use catalog_api::{Facets, ProductFilter, ProductListing, ProductView};
use kit_db::{Reader, StoreError};
use kit_http::Anyone;
use kit_http::extract::{ForeignCursor, Page, PageRequest};
use kit_service::{Call, Failure};

use super::products::sees_archived;
use super::{CatalogFailure, CatalogService};
use crate::domain::{ListingKey, ProductSearch, Scope, category_facets};
use crate::store;

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
            Scope::Search(search) => self.search(search, request).await,
            Scope::Nothing => Ok(ProductListing {
                page: Page::cut(Vec::new(), request, |_| String::new()),
                facets: Facets::default(),
            }),
        }
    }

    async fn search(
        &self,
        search: ProductSearch,
        request: &PageRequest,
    ) -> Result<ProductListing, CatalogFailure> {
        let (after, limit) = request.rows::<ListingKey>()?;
        // A key says nothing about a list in another order.
        if after.is_some_and(|key| key.sort != search.sort) {
            return Err(ForeignCursor.into());
        }
        let asked = request.clone();
        let read = async move |reader: &mut Reader| {
            let found = store::list_products(reader, &search, after, limit).await?;
            let page = Page::cut(found, &asked, ToString::to_string);
            let numbers: Vec<_> = page.items.iter().map(|key| key.number).collect();
            let products = store::list_by_number(reader, &numbers).await?;
            let items = store::snapshots(reader, products).await?;
            Ok(ProductListing {
                page: Page {
                    items: items.into_iter().map(ProductView::from).collect(),
                    next_cursor: page.next_cursor,
                },
                facets: facets(reader, &search).await?,
            })
        };
        Ok(self.units.read(read).await?)
    }
}

async fn facets(reader: &mut Reader, search: &ProductSearch) -> Result<Facets, StoreError> {
    let counts = store::count_by_category(reader, search).await?;
    let categories = store::list_categories(reader).await?;
    Ok(Facets {
        category: category_facets(&categories, &counts),
        price: store::price_range(reader, search).await?,
    })
}
