//! `GET /stats/users/{id}`.

use analytics_api::UserStats;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{ApiError, Customer};
use kit_token::UserId;

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn get_user_stats(
    Customer(caller): Customer,
    State(analytics): State<AnalyticsService>,
    Path(user_id): Path<UserId>,
) -> Result<Json<UserStats>, ApiError> {
    let found = analytics.user(&caller, user_id).await;
    found.map(Json).map_err(refused)
}
