//! `GET /stats/top-products`.

use analytics_api::{RankQuery, TopProducts};
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::{Json, Query};

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn get_top_products(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<RankQuery>,
) -> Result<Json<TopProducts>, ApiError> {
    analytics.top_products(query).await.map(Json).map_err(refused)
}
