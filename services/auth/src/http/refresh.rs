//! `POST /refresh`.

use auth_api::RefreshSession;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use kit_http::ApiError;
use kit_http::extract::{InTrace, Json};

use super::error::failed;
use crate::service::{AuthService, Origin, RefreshRefusal};

/// Tokens are never stored on the way (RFC 6749, 5.1).
pub(super) async fn refresh(
    InTrace(auth): InTrace<AuthService>,
    origin: Origin,
    Json(request): Json<RefreshSession>,
) -> Result<impl IntoResponse, ApiError> {
    let session = auth
        .refresh(&request.refresh_token, &origin)
        .await
        .map_err(|refusal| match refusal {
            RefreshRefusal::Invalid => {
                ApiError::unauthorized("invalid_refresh_token", "Invalid refresh token")
            }
            RefreshRefusal::Failed(failure) => failed(failure),
        })?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(session)))
}
