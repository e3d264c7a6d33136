//! `GET /stock/{sku}/movements`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{PageRequest, Path};
use kit_values::Sku;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn list_stock_movements(
    State(catalog): State<CatalogService>,
    Path(sku): Path<Sku>,
    request: PageRequest,
) -> Result<Response, CatalogFailure> {
    Ok(catalog.list_movements(sku, &request).await?.reply(&request))
}
