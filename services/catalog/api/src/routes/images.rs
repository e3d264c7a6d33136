//! Routes of pictures.

use std::time::Duration;

use http::{Method, StatusCode};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use super::IMAGE;
use crate::CatalogRefusal;
use crate::types::{ImageQuery, ImageView, MOST_IMAGES, UploadImage};

/// A photograph as a camera makes it.
const BODY_LIMIT: u64 = 10 * 1024 * 1024;

/// How long a photograph may take to arrive and to be made smaller.
const UPLOAD_TIME: Duration = Duration::from_mins(1);

pub(super) fn routes() -> Vec<Route> {
    vec![add(), remove(), get()]
}

fn add() -> Route {
    Route::new(Method::POST, "/products/{id}/images", "add_image", Access::Staff)
        .summary("Add a picture (JPEG, PNG or WebP) behind the others of a product; metadata is not kept")
        .upload::<UploadImage>(json!({ "alt": "A blue mug" }))
        .answer::<ImageView>(StatusCode::CREATED, image())
        .refuses(&CatalogRefusal::TooManyImages { most: MOST_IMAGES })
        .not_found("Product")
        .body_limit(BODY_LIMIT)
        .time_limit(UPLOAD_TIME)
}

fn remove() -> Route {
    Route::new(
        Method::DELETE,
        "/products/{id}/images/{key}",
        "remove_image",
        Access::Staff,
    )
    .summary("Take a picture away from a product")
    .answer::<ImageView>(StatusCode::OK, image())
    .not_found("Image")
}

fn get() -> Route {
    Route::new(Method::GET, "/images/{key}", "get_image", Access::Public)
        .summary("Get a picture; it never changes, and may be kept for ever")
        .query::<ImageQuery>()
        .bytes("image/*")
        .not_found("Image")
}

fn image() -> Value {
    json!({ "key": IMAGE, "url": format!("/api/images/{IMAGE}"), "alt": "A blue mug" })
}
