//! `POST /login`.

use auth_api::LogIn;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use kit_http::ApiError;
use kit_http::extract::{InTrace, Json};

use super::error::not_logged_in;
use crate::service::{AuthService, Origin};

/// Tokens are never stored on the way (RFC 6749, 5.1).
pub(super) async fn login(
    InTrace(auth): InTrace<AuthService>,
    origin: Origin,
    Json(request): Json<LogIn>,
) -> Result<impl IntoResponse, ApiError> {
    let session = auth.log_in(&request, origin).await.map_err(not_logged_in)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(session)))
}
