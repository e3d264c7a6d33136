//! `DELETE /products/{id}/images/{key}`.

use axum::extract::State;
use catalog_api::{ImageKey, ImageView, ProductId};
use kit_http::extract::{Json, Path};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn remove_image(
    State(catalog): State<CatalogService>,
    call: Call,
    Path((id, key)): Path<(ProductId, ImageKey)>,
) -> Result<Json<ImageView>, CatalogFailure> {
    Ok(Json(catalog.remove_image(&call, id, key).await?.into()))
}
