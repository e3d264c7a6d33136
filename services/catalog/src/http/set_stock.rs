//! `PUT /stock/{sku}`.

use axum::extract::State;
use catalog_api::{SetStock, StockView};
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;
use kit_values::Sku;

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn set_stock(
    State(catalog): State<CatalogService>,
    call: Call,
    Path(sku): Path<Sku>,
    seen: IfMatch,
    Json(request): Json<SetStock>,
) -> Result<(Etag, Json<StockView>), CatalogFailure> {
    let stock = catalog.set_stock(&call, sku, request, seen).await?;
    Ok((Etag(stock.version), Json(stock.into())))
}
