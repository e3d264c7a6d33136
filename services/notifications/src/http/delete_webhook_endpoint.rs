//! `DELETE /webhook-endpoints/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{WebhookEndpointId, WebhookEndpointView};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn delete_webhook_endpoint(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(id): Path<WebhookEndpointId>,
) -> Result<Json<WebhookEndpointView>, NotificationsFailure> {
    Ok(Json(webhooks.delete_endpoint(&call, id).await?))
}
