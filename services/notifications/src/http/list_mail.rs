//! `GET /mailbox`.

use axum::extract::State;
use axum::response::Response;
use kit_http::extract::FilteredPage;
use notifications_api::MailFilter;

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn list_mail(
    State(notifications): State<NotificationsService>,
    request: FilteredPage<MailFilter>,
) -> Result<Response, NotificationsFailure> {
    Ok(notifications.list_mail(&request).await?.reply(&request.page))
}
