//! `POST /webhooks/{provider}`.

use axum::extract::State;
use http::HeaderMap;
use kit_http::extract::{Json, Path, RawBody};
use payments_api::WebhookReceived;

use crate::service::{PaymentsFailure, PaymentsService};

pub(super) async fn receive_webhook(
    State(payments): State<PaymentsService>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<WebhookReceived>, PaymentsFailure> {
    payments.receive_webhook(&provider, &headers, &body).await?;
    Ok(Json(WebhookReceived { received: true }))
}
