//! `GET /` on payments' own port.

use kit_http::extract::Json;
use payments_api::Health;

pub(super) async fn payments_health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        service: "payment-service".to_owned(),
        message: "Payment service is running".to_owned(),
    })
}
