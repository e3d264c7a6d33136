//! `GET /admin/subscriptions`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::FilteredPage;
use subscriptions_api::SubscriptionFilter;

use crate::service::{SubscriptionsFailure, SubscriptionsService};

pub(super) async fn list_all_subscriptions(
    State(subscriptions): State<SubscriptionsService>,
    FilteredPage { filter, page }: FilteredPage<SubscriptionFilter>,
) -> Result<Response, SubscriptionsFailure> {
    let found = subscriptions.list_all_subscriptions(filter, &page).await?;
    Ok(found.reply(&page))
}
