//! Routes of products.

use std::time::Duration;

use http::{Method, StatusCode};
use kit_http::extract::PageQuery;
use kit_http::{Access, Route};
use kit_values::example;
use serde_json::{Value, json};

use super::{CATEGORY, PRODUCT};
use crate::CatalogRefusal;
use crate::types::{
    CreateProduct, ImportQuery, ImportView, ProductFilter, ProductListing, ProductView, UpdateProduct,
};

/// More than other bodies: a description and a hundred variants.
const BODY_LIMIT: u64 = 256 * 1024;

/// A table of a thousand rows with their descriptions.
const IMPORT_LIMIT: u64 = 2 * 1024 * 1024;

/// How long a table of a thousand rows may take.
const IMPORT_TIME: Duration = Duration::from_mins(1);

pub(super) fn routes() -> Vec<Route> {
    vec![list(), create(), import(), get(), update(), archive()]
}

fn list() -> Route {
    let listing = json!({
        "items": [product()], "next_cursor": null,
        "facets": {
            "category": [{ "value": "mugs", "name": "Mugs", "count": 1 }],
            "price": { "min": 1250, "max": 1250 }
        }
    });
    Route::new(Method::GET, "/products", "list_products", Access::Guest)
        .summary("Search products, and count what the search can be narrowed by")
        .query::<ProductFilter>()
        .query::<PageQuery>()
        .answer::<ProductListing>(StatusCode::OK, listing)
}

fn create() -> Route {
    Route::new(Method::POST, "/products", "create_product", Access::Staff)
        .summary("Create a product; its variants have no stock yet")
        .body::<CreateProduct>(json!({
            "name": "Blue mug", "description": "Stoneware, 300 ml",
            "variants": [{
                "sku": "MUG-BLUE", "options": { "size": "L" },
                "price": { "amount_minor": 1250, "currency": "USD" }
            }]
        }))
        .answer::<ProductView>(StatusCode::CREATED, product())
        .refuses(&CatalogRefusal::SlugTaken {
            slug: example("blue-mug"),
        })
        .refuses(&CatalogRefusal::SkuTaken {
            sku: example("MUG-BLUE"),
        })
        .body_limit(BODY_LIMIT)
        .idempotent()
}

fn import() -> Route {
    let table = "slug,name,description,category,sku,option.size,price,currency,on_hand\n\
                 red-mug,Red mug,\"Stoneware, 300 ml\",,MUG-RED-S,S,12.50,USD,5\n\
                 red-mug,,,,MUG-RED-L,L,14.50,USD,3\n";
    Route::new(Method::POST, "/products/import", "import_products", Access::Staff)
        .summary("Create and change products by a table, all of its rows or none")
        .query::<ImportQuery>()
        .csv(table)
        .answer::<ImportView>(
            StatusCode::OK,
            json!({
                "dry_run": false, "rows": 2, "products_created": 1, "products_updated": 0,
                "products_unchanged": 0, "stock_changed": 2
            }),
        )
        .body_limit(IMPORT_LIMIT)
        .time_limit(IMPORT_TIME)
        .idempotent()
}

fn get() -> Route {
    Route::new(Method::GET, "/products/{id}", "get_product", Access::Guest)
        .summary("Get a product by its identifier or slug")
        .answer::<ProductView>(StatusCode::OK, product())
        .not_found("Product")
}

fn update() -> Route {
    Route::new(Method::PATCH, "/products/{id}", "update_product", Access::Staff)
        .summary("Change a product; members that are left out stay")
        .body::<UpdateProduct>(json!({ "description": "Stoneware, 350 ml" }))
        .answer::<ProductView>(StatusCode::OK, product())
        .refuses(&CatalogRefusal::SlugTaken {
            slug: example("blue-mug"),
        })
        .refuses(&CatalogRefusal::SkuTaken {
            sku: example("MUG-BLUE"),
        })
        .refuses(&CatalogRefusal::SkuInStock {
            sku: example("MUG-BLUE"),
        })
        .not_found("Product")
        .body_limit(BODY_LIMIT)
        .conditional()
}

fn archive() -> Route {
    let mut archived = product();
    archived["status"] = json!("archived");
    Route::new(Method::DELETE, "/products/{id}", "archive_product", Access::Staff)
        .summary("Archive a product: only staff see it any more")
        .answer::<ProductView>(StatusCode::OK, archived)
        .not_found("Product")
        .conditional()
}

fn product() -> Value {
    json!({
        "id": PRODUCT, "slug": "blue-mug", "name": "Blue mug", "description": "Stoneware, 300 ml",
        "status": "active", "category_id": CATEGORY, "images": [],
        "variants": [{
            "sku": "MUG-BLUE", "options": { "size": "L" },
            "price": { "amount_minor": 1250, "currency": "USD" }, "available": 5
        }],
        "created_at": "2030-01-01T00:00:00.000000Z", "updated_at": "2030-01-01T00:00:00.000000Z"
    })
}
