//! `PATCH /products/{id}`.

use axum::extract::State;
use catalog_api::{ProductId, ProductView, UpdateProduct};
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn update_product(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(id): Path<ProductId>,
    seen: IfMatch,
    Json(request): Json<UpdateProduct>,
) -> Result<(Etag, Json<ProductView>), CatalogFailure> {
    let changed = catalog.update_product(&call, id, request, seen).await?;
    Ok((Etag(changed.product.version), Json(changed.into())))
}
