//! `PATCH /webhook-endpoints/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{UpdateWebhookEndpoint, WebhookEndpointId, WebhookEndpointView};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn update_webhook_endpoint(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(id): Path<WebhookEndpointId>,
    Json(request): Json<UpdateWebhookEndpoint>,
) -> Result<Json<WebhookEndpointView>, NotificationsFailure> {
    Ok(Json(webhooks.update_endpoint(&call, id, request).await?))
}
