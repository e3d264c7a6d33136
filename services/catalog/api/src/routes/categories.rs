//! Routes of categories.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use kit_values::example;
use serde_json::{Value, json};

use super::CATEGORY;
use crate::CatalogRefusal;
use crate::types::{CategoryView, CreateCategory, UpdateCategory};

pub(super) fn routes() -> Vec<Route> {
    vec![list(), create(), get(), update(), archive()]
}

fn list() -> Route {
    let listing = json!({ "items": [category()], "next_cursor": null });
    Route::new(Method::GET, "/categories", "list_categories", Access::Public)
        .summary("List categories by slug; `parent_id` makes a tree of them")
        .query::<PageQuery>()
        .answer::<Page<CategoryView>>(StatusCode::OK, listing)
}

fn create() -> Route {
    Route::new(Method::POST, "/categories", "create_category", Access::Staff)
        .summary("Create a category")
        .body::<CreateCategory>(json!({ "name": "Mugs", "slug": "mugs" }))
        .answer::<CategoryView>(StatusCode::CREATED, category())
        .refuses(&CatalogRefusal::SlugTaken {
            slug: example("mugs"),
        })
        .idempotent()
}

fn get() -> Route {
    Route::new(Method::GET, "/categories/{id}", "get_category", Access::Public)
        .summary("Get a category by its identifier or slug")
        .answer::<CategoryView>(StatusCode::OK, category())
        .not_found("Category")
}

fn update() -> Route {
    Route::new(
        Method::PATCH,
        "/categories/{id}",
        "update_category",
        Access::Staff,
    )
    .summary("Change a category; members that are left out stay")
    .body::<UpdateCategory>(json!({ "name": "Mugs and cups" }))
    .answer::<CategoryView>(StatusCode::OK, category())
    .refuses(&CatalogRefusal::SlugTaken {
        slug: example("mugs"),
    })
    .refuses(&CatalogRefusal::CategoryCycle)
    .not_found("Category")
    .conditional()
}

fn archive() -> Route {
    Route::new(
        Method::DELETE,
        "/categories/{id}",
        "archive_category",
        Access::Staff,
    )
    .summary("Archive a category in which nothing stands")
    .answer::<CategoryView>(StatusCode::OK, category())
    .refuses(&CatalogRefusal::CategoryInUse)
    .not_found("Category")
    .conditional()
}

fn category() -> Value {
    json!({ "id": CATEGORY, "slug": "mugs", "name": "Mugs", "parent_id": null })
}
