//! `GET /products/{id}`.

use axum::extract::State;
use catalog_api::ProductView;
use kit_http::extract::{Json, Path};
use kit_http::{Anyone, Etag};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn get_product(
    State(catalog): State<CatalogService>,
    call: Call<Anyone>,
    Path(reference): Path<String>,
) -> Result<(Etag, Json<ProductView>), CatalogFailure> {
    let found = catalog.get_product(&call, &reference).await?;
    Ok((Etag(found.version), Json(found.value.clone())))
}
