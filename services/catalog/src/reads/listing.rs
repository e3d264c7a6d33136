//! Pages of lists.

use catalog_api::{CategoryView, Facets, ProductId, ProductListing};
use kit_cache::Versioned;
use kit_db::{Db, Reader, StoreError};
use kit_http::extract::{Page, PageRequest};
use kit_values::Slug;

use super::{ReadError, Reads};
use crate::domain::{ListingKey, ProductSearch, category_facets};
use crate::store;

/// What a page, or something on it, takes beside its texts, about.
const FRAME: usize = 150;

/// Names a page of products: the search, after which of those it finds, and how many are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ListingPage {
    search: ProductSearch,
    after: Option<ListingKey>,
    limit: i64,
}

/// Which products stand on a page.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    page: Page<ProductId>,
    facets: Facets,
}

/// Names a page of categories: after which slug it begins, and how many are read.
pub(super) type CategoryPage = (Option<Slug>, i64);

impl Reads {
    /// A page of what a search finds.
    pub(crate) async fn list_products(
        &self,
        (search, after): (ProductSearch, Option<ListingKey>),
        request: &PageRequest,
        limit: i64,
    ) -> Result<ProductListing, ReadError> {
        let status = search.status;
        // Every sale may change what is in stock.
        let kept = self.kept.as_ref().filter(|_| !search.in_stock);
        let key = ListingPage { search, after, limit };
        let (db, request) = (self.db.clone(), request.clone());
        let listing = match kept {
            Some(kept) => {
                let page = key.clone();
                let load = async move || {
                    let value = read_listing(&db, page, &request).await?;
                    Ok(Some(Versioned { version: 0, value }))
                };
                let found = kept.listings.get(&key, load).await?;
                found.map(|found| found.value.clone())
            }
            None => Some(self.read_listing(key, &request).await?),
        };
        let Some(Listing { page, facets }) = listing else {
            return Err(ReadError::Lost {
                cache: "product_pages",
            });
        };
        let mut items = self.find_products(page.items).await?;
        // One that was archived a moment ago.
        items.retain(|product| product.status == status);
        Ok(ProductListing {
            page: Page {
                items,
                next_cursor: page.next_cursor,
            },
            facets,
        })
    }
}

impl Reads {
    async fn read_listing(&self, key: ListingPage, request: &PageRequest) -> Result<Listing, ReadError> {
        let read = read_listing(&self.db, key, request).await;
        read.map_err(|error| ReadError::Failed(error.into()))
    }

    /// A page of all categories, by slug.
    pub(crate) async fn list_categories(
        &self,
        after: Option<Slug>,
        request: &PageRequest,
        limit: i64,
    ) -> Result<Page<CategoryView>, ReadError> {
        let (db, request) = (self.db.clone(), request.clone());
        let key = (after.clone(), limit);
        let Some(kept) = &self.kept else {
            let read = read_categories(&db, key, &request).await;
            return read.map_err(|error| ReadError::Failed(error.into()));
        };
        let load = async move || {
            let value = read_categories(&db, (after, limit), &request).await?;
            Ok(Some(Versioned { version: 0, value }))
        };
        let found = kept.categories.get(&key, load).await?;
        let page = found.map(|found| found.value.clone());
        page.ok_or(ReadError::Lost {
            cache: "category_pages",
        })
    }
}

async fn read_listing(db: &Db, key: ListingPage, request: &PageRequest) -> Result<Listing, StoreError> {
    let ListingPage { search, after, limit } = key;
    let asked = request.clone();
    let read = async move |reader: &mut Reader| {
        let found = store::list_products(reader, &search, after, limit).await?;
        let page = Page::cut(found, &asked, |(key, _)| key.to_string());
        let counts = store::count_by_category(reader, &search).await?;
        let categories = store::list_categories(reader).await?;
        Ok(Listing {
            page: page.map(|(_, id)| id),
            facets: Facets {
                category: category_facets(&categories, &counts),
                price: store::price_range(reader, &search).await?,
            },
        })
    };
    db.read(read).await
}

async fn read_categories(
    db: &Db,
    (after, limit): CategoryPage,
    request: &PageRequest,
) -> Result<Page<CategoryView>, StoreError> {
    let read = async move |reader: &mut Reader| store::list_category_page(reader, after.clone(), limit).await;
    let page = Page::cut(db.read(read).await?, request, |category| {
        category.slug.to_string()
    });
    Ok(page.map(CategoryView::from))
}

/// What a page takes of the memory, about.
pub(super) fn weight(_: &ListingPage, listing: &Listing) -> usize {
    let facets = listing.facets.category.iter();
    let names = facets.map(|facet| FRAME + facet.name.len());
    4 * FRAME + size_of::<ProductId>() * listing.page.items.len() + names.sum::<usize>()
}

/// What a page of categories takes of the memory, about.
pub(super) fn category_weight(_: &CategoryPage, page: &Page<CategoryView>) -> usize {
    let categories = page.items.iter();
    FRAME
        + categories
            .map(|category| FRAME + category.name.len())
            .sum::<usize>()
}
