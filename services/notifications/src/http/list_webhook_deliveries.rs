//! `GET /webhook-endpoints/{id}/deliveries`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::{FilteredPage, Path};
use notifications_api::{WebhookDeliveryFilter, WebhookEndpointId};

use crate::service::{NotificationsFailure, WebhooksService};

pub(super) async fn list_webhook_deliveries(
    State(webhooks): State<WebhooksService>,
    Path(id): Path<WebhookEndpointId>,
    request: FilteredPage<WebhookDeliveryFilter>,
) -> Result<Response, NotificationsFailure> {
    let page = webhooks.list_deliveries(id, &request).await?;
    Ok(page.reply(&request.page))
}
