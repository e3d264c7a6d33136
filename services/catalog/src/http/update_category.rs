//! `PATCH /categories/{id}`.

use axum::extract::State;
use catalog_api::{CategoryId, CategoryView, UpdateCategory};
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn update_category(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(id): Path<CategoryId>,
    seen: IfMatch,
    Json(request): Json<UpdateCategory>,
) -> Result<(Etag, Json<CategoryView>), CatalogFailure> {
    let changed = catalog.update_category(&call, id, request, seen).await?;
    Ok((Etag(changed.version), Json(changed.into())))
}
