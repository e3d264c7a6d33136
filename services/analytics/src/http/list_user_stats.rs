//! `GET /stats/users`.

use axum::extract::State;
use axum::response::Response;
use kit_http::ApiError;
use kit_http::extract::PageRequest;

use super::error::refused;
use crate::service::AnalyticsService;

pub(super) async fn list_user_stats(
    State(analytics): State<AnalyticsService>,
    request: PageRequest,
) -> Result<Response, ApiError> {
    let page = analytics.users(&request).await.map_err(refused)?;
    Ok(page.reply(&request))
}
