//! `GET /products`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalog_api::ProductFilter;
use kit_http::Anyone;
use kit_http::extract::{FilteredPage, Json};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn list_products(
    State(catalog): State<CatalogService>,
    call: Call<Anyone>,
    FilteredPage { filter, page }: FilteredPage<ProductFilter>,
) -> Result<Response, CatalogFailure> {
    let listing = catalog.list_products(&call, filter, &page).await?;
    Ok((listing.page.next_link(&page), Json(listing)).into_response())
}
