//! Storage's public routes: those of every shop, and its own, one endpoint a file.

mod get_service;
mod list_objects;
mod presign_object;
mod rotate_credentials;

use axum::Router;
use kit_adapter_shop::http as shop;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::{Buckets, StorageService};

pub(crate) fn router(storage: StorageService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(storage_api::routes(), guard)
        .on("list_plans", shop::list_plans::<Buckets>)
        .on("create_plan", shop::create_plan::<Buckets>)
        .on("get_plan", shop::get_plan::<Buckets>)
        .on("update_plan", shop::update_plan::<Buckets>)
        .on("retire_plan", shop::retire_plan::<Buckets>)
        .on("purchase_plan", shop::purchase_plan::<Buckets>)
        .on("get_service", get_service::get_service)
        .on("rotate_credentials", rotate_credentials::rotate_credentials)
        .on("list_objects", list_objects::list_objects)
        .on("presign_object", presign_object::presign_object)
        .finish(storage)
}
