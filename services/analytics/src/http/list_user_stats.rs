//! `GET /stats/users`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;

use crate::service::{AnalyticsFailure, AnalyticsService};

pub(super) async fn list_user_stats(
    State(analytics): State<AnalyticsService>,
    request: PageRequest,
) -> Result<Response, AnalyticsFailure> {
    let page = analytics.users(&request).await?;
    Ok(page.reply(&request))
}
