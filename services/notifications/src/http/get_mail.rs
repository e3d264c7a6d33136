//! `GET /mailbox/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use notifications_api::{MailId, MailView};

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn get_mail(
    State(notifications): State<NotificationsService>,
    Path(id): Path<MailId>,
) -> Result<Json<MailView>, NotificationsFailure> {
    Ok(Json(notifications.get_mail(id).await?))
}
