//! `GET /stats`.

use analytics_api::Stats;
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::Json;

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn get_stats(State(analytics): State<AnalyticsService>) -> Result<Json<Stats>, ApiError> {
    analytics.stats().await.map(Json).map_err(refused)
}
