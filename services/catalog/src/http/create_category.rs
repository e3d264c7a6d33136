//! `POST /categories`.

use axum::extract::State;
use catalog_api::{CategoryView, CreateCategory};
use kit_http::extract::Json;
use kit_service::{Call, JsonAnswer};

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn create_category(
    State(catalog): State<CatalogService>,
    call: Call,
    Json(request): Json<CreateCategory>,
) -> Result<JsonAnswer<CategoryView>, CatalogFailure> {
    catalog.create_category(&call, request).await
}
