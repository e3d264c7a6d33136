//! `POST /notifications/{id}/read`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use notifications_api::{NotificationId, NotificationView};

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn read_notification(
    State(notifications): State<NotificationsService>,
    call: Call,
    Path(id): Path<NotificationId>,
) -> Result<Json<NotificationView>, NotificationsFailure> {
    Ok(Json(notifications.read_notification(&call, id).await?))
}
