//! `POST /stock/{sku}/adjust`.

use axum::extract::State;
use catalog_api::{AdjustStock, StockView};
use kit_http::extract::{Json, Path};
use kit_service::{Call, JsonAnswer};
use kit_values::Sku;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn adjust_stock(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(sku): Path<Sku>,
    Json(request): Json<AdjustStock>,
) -> Result<JsonAnswer<StockView>, CatalogFailure> {
    catalog.adjust_stock(&call, sku, request).await
}
