//! `GET /stock`.

use axum::extract::State;
use axum::response::Response;
use catalog_api::StockFilter;
use kit_http::extract::FilteredPage;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn list_stock(
    State(catalog): State<CatalogService>,
    FilteredPage { filter, page }: FilteredPage<StockFilter>,
) -> Result<Response, CatalogFailure> {
    Ok(catalog.list_stock(&filter, &page).await?.reply(&page))
}
