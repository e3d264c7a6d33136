//! `POST /subscriptions/{id}/resume`.

use axum::extract::State;
use kit_http::extract::Path;
use kit_service::{Call, JsonAnswer};
use subscriptions_api::{SubscriptionId, SubscriptionView};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn resume_subscription(
    State(subscriptions): State<SubscriptionsService>,
    call: Call,
    Path(id): Path<SubscriptionId>,
) -> Result<JsonAnswer<SubscriptionView>, SubscriptionsFailure> {
    subscriptions.resume_subscription(&call, id).await
}
