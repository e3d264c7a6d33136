//! `POST /products/import`.

use axum::extract::State;
use catalog_api::{ImportQuery, ImportView};
use kit_http::extract::{Csv, Query};
use kit_service::{Call, JsonAnswer};

use crate::service::{CatalogFailure, CatalogService};

pub(super) async fn import_products(
    State(catalog): State<CatalogService>,
    call: Call,
    Query(query): Query<ImportQuery>,
    Csv(table): Csv,
) -> Result<JsonAnswer<ImportView>, CatalogFailure> {
    catalog.import_products(&call, query, table).await
}
