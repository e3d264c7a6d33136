//! `GET /notifications/preferences`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;
use notifications_api::Preferences;

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn get_preferences(
    State(notifications): State<NotificationsService>,
    call: Call,
) -> Result<Json<Preferences>, NotificationsFailure> {
    Ok(Json(notifications.get_preferences(&call).await?))
}
