//! Catalog's public routes, one endpoint a file.

mod add_image;
mod adjust_stock;
mod archive_category;
mod archive_product;
mod create_category;
mod create_product;
mod get_category;
mod get_image;
mod get_product;
mod get_stock;
mod import_products;
mod list_categories;
mod list_products;
mod list_stock;
mod list_stock_movements;
mod remove_image;
mod set_stock;
mod update_category;
mod update_product;

use axum::Router;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::CatalogService;

pub(crate) fn router(catalog: CatalogService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(catalog_api::routes(), guard)
        .on("list_products", list_products::list_products)
        .on("create_product", create_product::create_product)
        .on("import_products", import_products::import_products)
        .on("get_product", get_product::get_product)
        .on("update_product", update_product::update_product)
        .on("archive_product", archive_product::archive_product)
        .on("add_image", add_image::add_image)
        .on("remove_image", remove_image::remove_image)
        .on("get_image", get_image::get_image)
        .on("list_categories", list_categories::list_categories)
        .on("create_category", create_category::create_category)
        .on("get_category", get_category::get_category)
        .on("update_category", update_category::update_category)
        .on("archive_category", archive_category::archive_category)
        .on("list_stock", list_stock::list_stock)
        .on("get_stock", get_stock::get_stock)
        .on("set_stock", set_stock::set_stock)
        .on("adjust_stock", adjust_stock::adjust_stock)
        .on("list_stock_movements", list_stock_movements::list_stock_movements)
        .finish(catalog)
}
