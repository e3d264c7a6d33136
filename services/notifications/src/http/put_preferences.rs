//! `PUT /notifications/preferences`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;
use notifications_api::Preferences;

use crate::service::{NotificationsFailure, NotificationsService};

pub(super) async fn put_preferences(
    State(notifications): State<NotificationsService>,
    call: Call,
    Json(request): Json<Preferences>,
) -> Result<Json<Preferences>, NotificationsFailure> {
    Ok(Json(notifications.put_preferences(&call, request).await?))
}
