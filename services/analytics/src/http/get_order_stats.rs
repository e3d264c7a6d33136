//! `GET /stats/orders`.

use analytics_api::OrderStats;
use axum::extract::State;
use kit_http::extract::Json;

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn get_order_stats(
    State(analytics): State<AnalyticsService>,
) -> Result<Json<OrderStats>, AnalyticsFailure> {
    analytics.orders().await.map(Json)
}
