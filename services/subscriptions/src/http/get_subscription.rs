//! `GET /subscriptions/{id}`.

use axum::extract::State;
use kit_http::Etag;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use subscriptions_api::{SubscriptionId, SubscriptionView};

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn get_subscription(
    State(subscriptions): State<SubscriptionsService>,
    call: Call,
    Path(id): Path<SubscriptionId>,
) -> Result<(Etag, Json<SubscriptionView>), SubscriptionsFailure> {
    let found = subscriptions.get_subscription(&call, id).await?;
    Ok((Etag(found.revision), Json(found.into())))
}
