//! `POST /track`.

use analytics_api::{Track, Tracked};
use axum::extract::State;
use http::StatusCode;
use kit_http::extract::Json;
use kit_http::{Anyone, ApiError};
use kit_rpc::CallContext;

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn track(
    Anyone(caller): Anyone,
    State(analytics): State<AnalyticsService>,
    call: CallContext,
    Json(request): Json<Track>,
) -> Result<(StatusCode, Json<Tracked>), ApiError> {
    let tracked = analytics.track(caller.as_deref(), request, &call).await;
    let tracked = tracked.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(tracked)))
}
