//! `POST /invoices/{id}/callback`.

use axum::extract::State;
use http::HeaderMap;
use kit_http::extract::{Json, Path, Query, RawBody};
use subscriptions_api::{CallbackQuery, CallbackReceived, InvoiceId};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn receive_callback(
    State(subscriptions): State<SubscriptionsService>,
    Path(id): Path<InvoiceId>,
    Query(query): Query<CallbackQuery>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<CallbackReceived>, SubscriptionsFailure> {
    subscriptions
        .receive_callback((id, &query.token), &headers, &body)
        .await?;
    Ok(Json(CallbackReceived { received: true }))
}
