//! `POST /register`.

use auth_api::{Register, Registered};
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::Json;

use super::error::not_registered;
use crate::service::{AuthService, Origin};

pub(super) async fn register(
    State(auth): State<AuthService>,
    origin: Origin,
    Json(request): Json<Register>,
) -> Result<Json<Registered>, ApiError> {
    auth.register(&request, origin)
        .await
        .map(Json)
        .map_err(not_registered)
}
