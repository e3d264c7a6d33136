//! Catalog's public routes.

mod categories;
mod images;
mod products;
mod stock;

use kit_http::{ApiRefusal, Route, RouteTable};

use crate::CatalogRefusal;

const DISPLAY: &str = CatalogRefusal::SERVICE;

const PRODUCT: &str = "prd_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const CATEGORY: &str = "cat_0190c2a4-11f0-7d2c-8a4e-6b1f90d3c7e8";

const IMAGE: &str = "img_0190c2a4-9a01-7b3e-9c53-0f3a5e1d2b4d";

/// Everything catalog serves.
pub fn routes() -> RouteTable {
    let mut own = vec![Route::health("/", "catalog_health", DISPLAY)];
    own.extend(products::routes());
    own.extend(images::routes());
    own.extend(categories::routes());
    own.extend(stock::routes());
    RouteTable::new("catalog", own).display(DISPLAY)
}
