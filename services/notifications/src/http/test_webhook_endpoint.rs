//! `POST /webhook-endpoints/{id}/test`.

use axum::extract::State;
use http::StatusCode;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{WebhookDeliveryView, WebhookEndpointId};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn test_webhook_endpoint(
    State(webhooks): State<WebhooksService>,
    call: Call,
    Path(id): Path<WebhookEndpointId>,
) -> Result<(StatusCode, Json<WebhookDeliveryView>), NotificationsFailure> {
    let delivery = webhooks.send_test(&call, id).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}
