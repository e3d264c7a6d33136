//! `POST /notifications/read-all`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;
use notifications_api::AllRead;

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn read_all_notifications(
    State(notifications): State<NotificationsService>,
    call: Call,
) -> Result<Json<AllRead>, NotificationsFailure> {
    Ok(Json(notifications.read_all_notifications(&call).await?))
}
