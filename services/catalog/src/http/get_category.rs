//! `GET /categories/{id}`.

use axum::extract::State;
use catalog_api::CategoryView;
use kit_http::Etag;
use kit_http::extract::{Json, Path};

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn get_category(
    State(catalog): State<CatalogService>,
    Path(reference): Path<String>,
) -> Result<(Etag, Json<CategoryView>), CatalogFailure> {
    let found = catalog.get_category(&reference).await?;
    Ok((Etag(found.version), Json(found.into())))
}
