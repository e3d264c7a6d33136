//! `POST /track`.

use analytics_api::{Track, Tracked};
use axum::extract::State;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::{Call, JsonAnswer};

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn track(
    State(analytics): State<AnalyticsService>,
    call: Call<Anyone>,
    Json(request): Json<Track>,
) -> Result<JsonAnswer<Tracked>, AnalyticsFailure> {
    analytics.track(call, request).await
}
