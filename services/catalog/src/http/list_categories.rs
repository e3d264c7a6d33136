//! `GET /categories`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn list_categories(
    State(catalog): State<CatalogService>,
    request: PageRequest,
) -> Result<Response, CatalogFailure> {
    Ok(catalog.list_categories(&request).await?.reply(&request))
}
