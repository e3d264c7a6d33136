//! `GET /stats/timeseries`.

use analytics_api::{TimeSeries, TimeSeriesQuery};
use axum::extract::State;
use kit_http::extract::{Json, Query};

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_timeseries(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<TimeSeriesQuery>,
) -> Result<Json<TimeSeries>, AnalyticsFailure> {
    analytics.series(query).await.map(Json)
}
