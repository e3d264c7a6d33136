//! `GET /admin/adapters`.

use axum::extract::State;
use kit_http::extract::{Json, Page};
use subscriptions_api::AdapterView;

use crate::service::SubscriptionsService;

pub(super) async fn list_adapters(
    State(subscriptions): State<SubscriptionsService>,
) -> Json<Page<AdapterView>> {
    Json(subscriptions.list_adapters().await)
}
