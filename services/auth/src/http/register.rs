//! `POST /register`.

use auth_api::Register;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use kit_http::ApiError;
use kit_http::extract::{InTrace, Json};

use super::error::not_registered;
use crate::service::{AuthService, Origin};

/// The answer may carry tokens, which are never stored on the way (RFC 6749, 5.1).
pub(super) async fn register(
    InTrace(auth): InTrace<AuthService>,
    origin: Origin,
    Json(request): Json<Register>,
) -> Result<impl IntoResponse, ApiError> {
    let registered = auth.register(&request, origin).await.map_err(not_registered)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(registered)))
}
