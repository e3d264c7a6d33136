//! `DELETE /categories/{id}`.

use axum::extract::State;
use catalog_api::{CategoryId, CategoryView};
use kit_http::IfMatch;
use kit_http::extract::{Json, Path};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn archive_category(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(id): Path<CategoryId>,
    seen: IfMatch,
) -> Result<Json<CategoryView>, CatalogFailure> {
    let archived = catalog.archive_category(&call, id, seen).await?;
    Ok(Json(archived.into()))
}
