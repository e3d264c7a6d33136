//! `GET /` on users' own port.

use kit_http::extract::Json;
use users_api::Health;

pub(super) async fn users_health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        service: "user-service".to_owned(),
        message: "User service is running".to_owned(),
    })
}
