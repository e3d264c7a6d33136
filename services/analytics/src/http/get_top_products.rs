//! `GET /stats/top-products`.

use analytics_api::{RankQuery, TopProducts};
use axum::extract::State;
use kit_http::extract::{Json, Query};

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_top_products(
    State(analytics): State<AnalyticsService>,
    Query(query): Query<RankQuery>,
) -> Result<Json<TopProducts>, AnalyticsFailure> {
    analytics.top_products(query).await.map(Json)
}
