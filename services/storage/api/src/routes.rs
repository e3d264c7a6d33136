//! Storage's public routes.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, ApiRefusal as _, Route, RouteTable};
use kit_values::example;
use serde_json::{Value, json};

use crate::{
    CreatePlan, CredentialsView, ObjectFilter, ObjectView, PlanView, PresignRequest, PresignedView,
    PurchasePlan, PurchaseView, ServiceStatus, ServiceView, StorageRefusal, UpdatePlan,
};

const DISPLAY: &str = StorageRefusal::SERVICE;

/// Everything storage serves, but the protocol of adapters.
pub fn routes() -> RouteTable {
    let routes = vec![
        Route::health("/", "storage_health", DISPLAY),
        list_plans(),
        create_plan(),
        get_plan(),
        update_plan(),
        retire_plan(),
        purchase(),
        get_service(),
        rotate(),
        list_objects(),
        presign(),
    ];
    RouteTable::new("storage", routes)
        .display(DISPLAY)
        .under(&["/api/storage", "/storage"])
}

fn list_plans() -> Route {
    let listing = json!({ "items": [plan(false)], "next_cursor": null });
    Route::new(Method::GET, "/plans", "list_plans", Access::Public)
        .summary("List the plans that can be purchased, by SKU")
        .query::<PageQuery>()
        .answer::<Page<PlanView>>(StatusCode::OK, listing)
}

fn create_plan() -> Route {
    let body = json!({
        "sku": "S3-10GB", "name": "Small box", "description": "Ten gigabytes for a month",
        "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30, "quota_bytes": 10_000_000_000_u64,
        "features": ["10 GB", "S3"],
    });
    Route::new(Method::POST, "/plans", "create_plan", Access::Admin)
        .summary("Create a plan")
        .body::<CreatePlan>(body)
        .answer::<PlanView>(StatusCode::CREATED, plan(false))
        .refuses(&StorageRefusal::SkuTaken {
            sku: example("S3-10GB"),
        })
        .idempotent()
}

fn get_plan() -> Route {
    Route::new(Method::GET, "/plans/{sku}", "get_plan", Access::Public)
        .summary("Get a plan, also one that is retired")
        .answer::<PlanView>(StatusCode::OK, plan(false))
        .not_found("Plan")
}

fn update_plan() -> Route {
    Route::new(Method::PATCH, "/plans/{sku}", "update_plan", Access::Admin)
        .summary("Change a plan for those who purchase it from now on; members that are left out stay")
        .body::<UpdatePlan>(json!({ "name": "Small box" }))
        .answer::<PlanView>(StatusCode::OK, plan(false))
        .not_found("Plan")
        .conditional()
}

fn retire_plan() -> Route {
    Route::new(Method::DELETE, "/plans/{sku}", "retire_plan", Access::Admin)
        .summary("Retire a plan: nobody new may purchase it, and services of it go on; again changes nothing")
        .answer::<PlanView>(StatusCode::OK, plan(true))
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
        "purchase_plan",
        Access::User,
    )
    .summary("Purchase a plan: the service is provisioned once the invoice is paid")
    .optional_body::<PurchasePlan>(json!({}))
    .answer::<PurchaseView>(StatusCode::CREATED, begun)
    .refuses(&StorageRefusal::PlanRetired)
    .refuses(&StorageRefusal::ServiceExists)
    .refuses(&StorageRefusal::PurchaseClosed)
    .not_found("Plan")
    .idempotent()
    .fail_closed()
    .strict()
}

fn get_service() -> Route {
    let service = json!({
        "status": "active", "plan_sku": "S3-10GB", "endpoint": "http://127.0.0.1:9000", "region": "us-east-1",
        "bucket": "stoa-6dd0b9f5f6d2b5d3b3e0a5a1f0b0c8a7e1d2c3b4", "access_key_id": "7K3QO2ZB5YWM4XJTA6PC",
        "quota_bytes": 10_000_000_000_u64,
        "usage": { "bytes": 1_000_000, "objects": 1, "measured_at": "2030-01-01T00:00:00.000000Z" },
        "expires_at": "2030-01-31T00:00:00.000000Z",
    });
    Route::new(Method::GET, "/service", "get_service", Access::User)
        .summary("Get one's service: bucket, key, quota, and what it uses at this moment")
        .answer::<ServiceView>(StatusCode::OK, service)
        .not_found("Service")
}

fn rotate() -> Route {
    let credentials = json!({
        "access_key_id": "7K3QO2ZB5YWM4XJTA6PC",
        "secret_access_key": "zG1sYl0xW5o3m9Qk7b2Vt8Rj4Nc6Hd0pXuEaLfTi",
    });
    Route::new(
        Method::POST,
        "/service/credentials/rotate",
        "rotate_credentials",
        Access::User,
    )
    .summary("Give the key another secret, which is shown this once; the old one is dead")
    .answer::<CredentialsView>(StatusCode::OK, credentials)
    .refuses(&not_active())
    .not_found("Service")
    .fail_closed()
    .strict()
}

fn list_objects() -> Route {
    let object = json!({
        "key": "photos/owl.jpg", "size": 1_000_000, "etag": "9e107d9d372bb6826bd81d3542a419d6",
        "modified_at": "2030-01-01T00:00:00.000000Z", "content_type": "image/jpeg",
    });
    let listing = json!({ "items": [object], "next_cursor": null });
    Route::new(Method::GET, "/service/objects", "list_objects", Access::User)
        .summary("List the objects of one's service, by key")
        .query::<PageQuery>()
        .query::<ObjectFilter>()
        .answer::<Page<ObjectView>>(StatusCode::OK, listing)
        .refuses(&not_active())
        .not_found("Service")
}

fn presign() -> Route {
    let signed = json!({
        "url": "http://127.0.0.1:9000/stoa-6dd0b9f5/photos/owl.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "headers": {}, "expires_at": "2030-01-01T01:00:00.000000Z",
    });
    Route::new(Method::POST, "/service/presign", "presign_object", Access::User)
        .summary(
            "Sign an address by which an object can be read or written; a rotation of the secret ends it",
        )
        .body::<PresignRequest>(json!({ "method": "PUT", "key": "photos/owl.jpg", "expires_in": 3600 }))
        .answer::<PresignedView>(StatusCode::OK, signed)
        .refuses(&not_active())
        .not_found("Service")
}

fn not_active() -> StorageRefusal {
    StorageRefusal::ServiceNotActive {
        status: ServiceStatus::Suspended,
    }
}

fn plan(retired: bool) -> Value {
    json!({
        "sku": "S3-10GB", "name": "Small box", "description": "Ten gigabytes for a month",
        "price": { "amount_minor": 499, "currency": "USD" }, "duration_days": 30,
        "quota_bytes": 10_000_000_000_u64, "features": ["10 GB", "S3"], "retired": retired,
    })
}
