//! `DELETE /products/{id}`.

use axum::extract::State;
use catalog_api::{ProductId, ProductView};
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn archive_product(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(id): Path<ProductId>,
    seen: IfMatch,
) -> Result<(Etag, Json<ProductView>), CatalogFailure> {
    let archived = catalog.archive_product(&call, id, seen).await?;
    Ok((Etag(archived.product.version), Json(archived.into())))
}
