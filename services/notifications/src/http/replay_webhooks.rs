//! `POST /webhook-endpoints/{id}/replay`.

use axum::extract::State;
use http::StatusCode;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{ReplayWebhooks, WebhookEndpointId, WebhooksReplayed};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn replay_webhooks(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(id): Path<WebhookEndpointId>,
    Json(request): Json<ReplayWebhooks>,
) -> Result<(StatusCode, Json<WebhooksReplayed>), NotificationsFailure> {
    let replayed = webhooks.replay_failed(&call, id, &request).await?;
    Ok((StatusCode::ACCEPTED, Json(replayed)))
}
