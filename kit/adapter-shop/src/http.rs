//! A shop's handlers, which a service names in its own router: its state gives the shop (`FromRef`).

use axum::extract::State;
use axum::response::Response;
use http::HeaderName;
use http::header::CACHE_CONTROL;
use kit_http::extract::{Json, OptionalJson, PageRequest, Path};
use kit_http::{Etag, IfMatch};
use kit_service::{Call, JsonAnswer};
use kit_values::Sku;

use crate::shop::ShopFailure;
use crate::{Goods, Shop};

/// Of an answer with a secret in it, or a signature: nobody keeps it.
pub const NOT_KEPT: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// `GET /plans`.
pub async fn list_plans<G: Goods>(
    State(shop): State<Shop<G>>,
    request: PageRequest,
) -> Result<Response, ShopFailure<G>> {
    Ok(shop.list_plans(&request).await?.reply(&request))
}

/// `GET /plans/{sku}`.
pub async fn get_plan<G: Goods>(
    State(shop): State<Shop<G>>,
    Path(sku): Path<Sku>,
) -> Result<(Etag, Json<G::PlanView>), ShopFailure<G>> {
    let plan = shop.get_plan(sku).await?;
    Ok((Etag(plan.version), Json(G::show(plan))))
}

/// `POST /plans`.
pub async fn create_plan<G: Goods>(
    State(shop): State<Shop<G>>,
    call: Call,
    Json(request): Json<G::CreatePlan>,
) -> Result<JsonAnswer<G::PlanView>, ShopFailure<G>> {
    shop.create_plan(&call, request).await
}

/// `PATCH /plans/{sku}`.
pub async fn update_plan<G: Goods>(
    State(shop): State<Shop<G>>,
    call: Call,
    Path(sku): Path<Sku>,
    seen: IfMatch,
    Json(request): Json<G::UpdatePlan>,
) -> Result<(Etag, Json<G::PlanView>), ShopFailure<G>> {
    let plan = shop.update_plan(&call, sku, request, seen).await?;
    Ok((Etag(plan.version), Json(G::show(plan))))
}

/// `DELETE /plans/{sku}`.
pub async fn retire_plan<G: Goods>(
    State(shop): State<Shop<G>>,
    call: Call,
    Path(sku): Path<Sku>,
    seen: IfMatch,
) -> Result<(Etag, Json<G::PlanView>), ShopFailure<G>> {
    let plan = shop.retire_plan(&call, sku, seen).await?;
    Ok((Etag(plan.version), Json(G::show(plan))))
}

/// `POST /plans/{sku}/purchase`.
pub async fn purchase_plan<G: Goods>(
    State(shop): State<Shop<G>>,
    call: Call,
    Path(sku): Path<Sku>,
    OptionalJson(request): OptionalJson<G::PurchasePlan>,
) -> Result<JsonAnswer<G::PurchaseView>, ShopFailure<G>> {
    shop.purchase(&call, sku, request).await
}
