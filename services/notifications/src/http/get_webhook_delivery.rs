//! `GET /webhook-endpoints/{id}/deliveries/{delivery_id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use notifications_api::{WebhookDeliveryDetails, WebhookDeliveryId, WebhookEndpointId};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn get_webhook_delivery(
    State(webhooks): State<WebhooksService>,
    Path(ids): Path<(WebhookEndpointId, WebhookDeliveryId)>,
) -> Result<Json<WebhookDeliveryDetails>, NotificationsFailure> {
    Ok(Json(webhooks.get_delivery(ids).await?))
}
