//! `GET /health` on analytics' own port.

use analytics_api::Health;
use kit_http::extract::Json;

pub(super) async fn analytics_health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        service: "analytics-service".to_owned(),
        message: "Analytics service is running".to_owned(),
    })
}
