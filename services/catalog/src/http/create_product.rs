//! `POST /products`.

use axum::extract::State;
use catalog_api::{CreateProduct, ProductView};
use kit_http::extract::Json;
use kit_service::{Call, JsonAnswer};

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn create_product(
    State(catalog): State<CatalogService>,
    call: Call,
    Json(request): Json<CreateProduct>,
) -> Result<JsonAnswer<ProductView>, CatalogFailure> {
    catalog.create_product(&call, request).await
}
