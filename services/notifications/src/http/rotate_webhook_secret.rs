//! `POST /webhook-endpoints/{id}/rotate-secret`.

use axum::extract::State;
use kit_http::extract::{Json, OptionalJson, Path};
use kit_service::Call;
use notifications_api::{RotateWebhookSecret, WebhookEndpointId, WebhookEndpointWithSecret};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn rotate_webhook_secret(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(id): Path<WebhookEndpointId>,
    OptionalJson(request): OptionalJson<RotateWebhookSecret>,
) -> Result<Json<WebhookEndpointWithSecret>, NotificationsFailure> {
    Ok(Json(webhooks.rotate_secret(&call, id, &request).await?))
}
