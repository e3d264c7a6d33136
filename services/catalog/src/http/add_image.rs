//! `POST /products/{id}/images`.

use axum::extract::State;
use catalog_api::{ImageView, ProductId, UploadImage};
use http::StatusCode;
use kit_http::extract::{Json, Path, Upload};
use kit_service::Call;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn add_image(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(id): Path<ProductId>,
    Upload { file, fields }: Upload<UploadImage>,
) -> Result<(StatusCode, Json<ImageView>), CatalogFailure> {
    let image = catalog.add_image(&call, id, file, fields).await?;
    Ok((StatusCode::CREATED, Json(image.into())))
}
