//! `GET /webhook-endpoints`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::PageRequest;

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn list_webhook_endpoints(
    State(webhooks): State<WebhooksService>,
    page: PageRequest,
) -> Result<Response, NotificationsFailure> {
    Ok(webhooks.list_endpoints(&page).await?.reply(&page))
}
