//! `POST /webhook-endpoints`.

use axum::extract::State;
use http::StatusCode;
use kit_http::extract::Json;
use kit_service::Call;
use notifications_api::{CreateWebhookEndpoint, WebhookEndpointWithSecret};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn create_webhook_endpoint(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Json(request): Json<CreateWebhookEndpoint>,
) -> Result<(StatusCode, Json<WebhookEndpointWithSecret>), NotificationsFailure> {
    let made = webhooks.create_endpoint(&call, request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
