//! `GET /stats/funnel`.

use analytics_api::{Funnel, SpanQuery};
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::{Json, Query};

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn get_funnel(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<Funnel>, ApiError> {
    analytics.funnel(query).await.map(Json).map_err(refused)
}
