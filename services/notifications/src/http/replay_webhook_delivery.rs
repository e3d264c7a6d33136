//! `POST /webhook-endpoints/{id}/deliveries/{delivery_id}/replay`.

use axum::extract::State;
use http::StatusCode;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{WebhookDeliveryId, WebhookDeliveryView, WebhookEndpointId};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn replay_webhook_delivery(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(ids): Path<(WebhookEndpointId, WebhookDeliveryId)>,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), NotificationsFailure> {
    let delivery = webhooks.replay_delivery(&call, ids).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}
