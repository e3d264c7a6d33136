//! `GET /stats`.

use analytics_api::Stats;
use axum::extract::State;
use kit_http::extract::Json;

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_stats(
    State(analytics): State<AnalyticsService>,
) -> Result<Json<Stats>, AnalyticsFailure> {
    analytics.stats().await.map(Json)
}
