//! `POST /subscriptions/{id}/cancel`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::{Call, JsonAnswer};
use subscriptions_api::{CancelSubscription, SubscriptionId, SubscriptionView};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn cancel_subscription(
    State(subscriptions): State<SubscriptionsService>,
    call: Call,
    Path(id): Path<SubscriptionId>,
    Json(request): Json<CancelSubscription>,
) -> Result<JsonAnswer<SubscriptionView>, SubscriptionsFailure> {
    subscriptions.cancel_subscription(&call, id, request).await
}
