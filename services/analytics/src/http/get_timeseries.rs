//! `GET /stats/timeseries`.

use analytics_api::{TimeSeries, TimeSeriesQuery};
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::{Json, Query};

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn get_timeseries(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<TimeSeriesQuery>,
) -> Result<Json<TimeSeries>, ApiError> {
    analytics.series(query).await.map(Json).map_err(refused)
}
