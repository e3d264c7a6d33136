//! `GET /stock/{sku}`.

use axum::extract::State;
use catalog_api::StockView;
use kit_http::Etag;
use kit_http::extract::{Json, Path};
use kit_values::Sku;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn get_stock(
    State(catalog): State<CatalogService>,
    Path(sku): Path<Sku>,
) -> Result<(Etag, Json<StockView>), CatalogFailure> {
    let stock = catalog.get_stock(sku).await?;
    Ok((Etag(stock.version), Json(stock.into())))
}
