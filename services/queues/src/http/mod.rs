//! The public routes of queues: those of every shop, and its own, one endpoint a file.

mod get_service;
mod rotate_credentials;

use axum::Router;
use kit_adapter_shop::http as shop;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::{QueuesService, VirtualHosts};

pub(crate) fn router(queues: QueuesService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(queues_api::routes(), guard)
        .on("list_queue_plans", shop::list_plans::<VirtualHosts>)
        .on("create_queue_plan", shop::create_plan::<VirtualHosts>)
        .on("get_queue_plan", shop::get_plan::<VirtualHosts>)
        .on("update_queue_plan", shop::update_plan::<VirtualHosts>)
        .on("retire_queue_plan", shop::retire_plan::<VirtualHosts>)
        .on("purchase_queue_plan", shop::purchase_plan::<VirtualHosts>)
        .on("get_queue_service", get_service::get_service)
        .on("rotate_queue_credentials", rotate_credentials::rotate_credentials)
        .finish(queues)
}
