//! `GET /stats/users/{id}`.

use analytics_api::UserStats;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use kit_token::UserId;

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_user_stats(
    State(analytics): State<AnalyticsService>,
    call: Call,
    Path(user_id): Path<UserId>,
) -> Result<Json<UserStats>, AnalyticsFailure> {
    analytics.user(&call, user_id).await.map(Json)
}
