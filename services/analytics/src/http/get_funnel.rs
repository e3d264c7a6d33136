//! `GET /stats/funnel`.

use analytics_api::{Funnel, SpanQuery};
use axum::extract::State;
use kit_http::extract::{Json, Query};

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_funnel(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<Funnel>, AnalyticsFailure> {
    analytics.funnel(query).await.map(Json)
}
