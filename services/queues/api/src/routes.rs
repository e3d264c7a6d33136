//! The public routes of queues.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, ApiRefusal as _, Route, RouteTable};
use kit_values::example;
use serde_json::{Value, json};

use crate::{
    CreateQueuePlan, PurchasePlan, PurchaseView, QueueCredentialsView, QueuePlanView, QueueServiceView,
    QueuesRefusal, ServiceStatus, UpdateQueuePlan,
};

const DISPLAY: &str = QueuesRefusal::SERVICE;

/// Everything queues serves, but the protocol of adapters.
pub fn routes() -> RouteTable {
    let routes = vec![
        Route::health("/", "queues_health", DISPLAY),
        list_plans(),
        create_plan(),
        get_plan(),
        update_plan(),
        retire_plan(),
        purchase(),
        get_service(),
        rotate(),
    ];
    RouteTable::new("queues", routes)
        .display(DISPLAY)
        .under(&["/api/adapters/queues"])
}

fn list_plans() -> Route {
    let listing = json!({ "items": [plan(false)], "next_cursor": null });
    Route::new(Method::GET, "/plans", "list_queue_plans", Access::Public)
        .summary("List the plans that can be purchased, by SKU")
        .query::<PageQuery>()
        .answer::<Page<QueuePlanView>>(StatusCode::OK, listing)
}

fn create_plan() -> Route {
    let body = json!({
        "sku": "MQ-10", "name": "Small broker", "description": "Ten queues for a month",
        "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30,
        "max_queues": 10, "max_connections": 5, "max_queue_bytes": 100_000_000, "features": ["10 queues", "AMQP 0-9-1"],
    });
    Route::new(Method::POST, "/plans", "create_queue_plan", Access::Admin)
        .summary("Create a plan")
        .body::<CreateQueuePlan>(body)
        .answer::<QueuePlanView>(StatusCode::CREATED, plan(false))
        .refuses(&QueuesRefusal::SkuTaken {
            sku: example("MQ-10"),
        })
        .idempotent()
}

fn get_plan() -> Route {
    Route::new(Method::GET, "/plans/{sku}", "get_queue_plan", Access::Public)
        .summary("Get a plan, also one that is retired")
        .answer::<QueuePlanView>(StatusCode::OK, plan(false))
        .not_found("Plan")
}

fn update_plan() -> Route {
    Route::new(Method::PATCH, "/plans/{sku}", "update_queue_plan", Access::Admin)
        .summary("Change a plan for those who purchase it from now on; members that are left out stay")
        .body::<UpdateQueuePlan>(json!({ "name": "Small broker" }))
        .answer::<QueuePlanView>(StatusCode::OK, plan(false))
        .not_found("Plan")
        .conditional()
}

fn retire_plan() -> Route {
    Route::new(Method::DELETE, "/plans/{sku}", "retire_queue_plan", Access::Admin)
        .summary("Retire a plan: nobody new may purchase it, and services of it go on; again changes nothing")
        .answer::<QueuePlanView>(StatusCode::OK, plan(true))
        .not_found("Plan")
        .conditional()
}

fn purchase() -> Route {
    let begun = json!({
        "subscription_id": "sub_0199f3a5-4e10-7c4e-b3f8-61a90e7d24c5",
        "invoice_id": "inv_0199f3a5-4e11-7b0a-8c3e-5f7a9b1d3e60",
        "checkout_url": "https://shop.example.com/api/checkout/kq3Yb1nU0x7T5m2c9R4w8Zs6d1fGhJ0aLpVtNyEoBiQ",
    });
    Route::new(
        Method::POST,
        "/plans/{sku}/purchase",
        "purchase_queue_plan",
        Access::User,
    )
    .summary("Purchase a plan: the service is provisioned once the invoice is paid")
    .optional_body::<PurchasePlan>(json!({}))
    .answer::<PurchaseView>(StatusCode::CREATED, begun)
    .refuses(&QueuesRefusal::PlanRetired)
    .refuses(&QueuesRefusal::ServiceExists)
    .refuses(&QueuesRefusal::PurchaseClosed)
    .not_found("Plan")
    .idempotent()
    .fail_closed()
    .strict()
}

fn get_service() -> Route {
    let service = json!({
        "status": "active", "plan_sku": "MQ-10", "endpoint": "amqp://127.0.0.1:5672",
        "vhost": "stoa-6dd0b9f5f6d2b5d3b3e0a5a1f0b0c8a7e1d2c3b4", "username": "stoa-7K3QO2ZB5YWM4XJTA6PC",
        "max_queues": 10, "max_connections": 5, "max_queue_bytes": 100_000_000,
        "usage": { "bytes": 1_000_000, "objects": 1, "measured_at": "2030-01-01T00:00:00.000000Z" },
        "expires_at": "2030-01-31T00:00:00.000000Z",
    });
    Route::new(Method::GET, "/service", "get_queue_service", Access::User)
        .summary("Get one's service: virtual host, user, limits, and what is in its queues")
        .answer::<QueueServiceView>(StatusCode::OK, service)
        .not_found("Service")
}

fn rotate() -> Route {
    let credentials = json!({
        "username": "stoa-7K3QO2ZB5YWM4XJTA6PC",
        "password": "zG1sYl0xW5o3m9Qk7b2Vt8Rj4Nc6Hd0pXuEaLfTi",
    });
    Route::new(
        Method::POST,
        "/service/credentials/rotate",
        "rotate_queue_credentials",
        Access::User,
    )
    .summary("Give the user another password, which is shown this once, and close its connections")
    .answer::<QueueCredentialsView>(StatusCode::OK, credentials)
    .refuses(&not_active())
    .not_found("Service")
    .fail_closed()
    .strict()
}

fn not_active() -> QueuesRefusal {
    QueuesRefusal::ServiceNotActive {
        status: ServiceStatus::Suspended,
    }
}

fn plan(retired: bool) -> Value {
    json!({
        "sku": "MQ-10", "name": "Small broker", "description": "Ten queues for a month",
        "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30,
        "max_queues": 10, "max_connections": 5, "max_queue_bytes": 100_000_000,
        "features": ["10 queues", "AMQP 0-9-1"], "retired": retired,
    })
}
