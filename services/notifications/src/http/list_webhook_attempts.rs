//! `GET /webhook-endpoints/{id}/attempts`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{PageRequest, Path};
use notifications_api::WebhookEndpointId;

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn list_webhook_attempts(
    State(webhooks): State<WebhooksService>,
    Path(id): Path<WebhookEndpointId>,
    page: PageRequest,
) -> Result<Response, NotificationsFailure> {
    Ok(webhooks.list_attempts(id, &page).await?.reply(&page))
}
