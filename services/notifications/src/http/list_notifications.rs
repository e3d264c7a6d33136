//! `GET /notifications`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kit_http::extract::{Json, PageRequest};
use kit_service::Call;

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn list_notifications(
    State(notifications): State<NotificationsService>,
    call: Call,
    page: PageRequest,
) -> Result<Response, NotificationsFailure> {
    let listing = notifications.list_notifications(&call, &page).await?;
    Ok((listing.page.next_link(&page), Json(listing)).into_response())
}
