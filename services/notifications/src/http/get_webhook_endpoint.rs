//! `GET /webhook-endpoints/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use notifications_api::{WebhookEndpointId, WebhookEndpointView};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn get_webhook_endpoint(
    State(webhooks): State<WebhooksService>,
    Path(id): Path<WebhookEndpointId>,
) -> Result<Json<WebhookEndpointView>, NotificationsFailure> {
    Ok(Json(webhooks.get_endpoint(id).await?))
}
