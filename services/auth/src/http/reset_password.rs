//! `POST /password/reset`.

use auth_api::{Done, ResetPassword};
use axum::extract::State;
use http::StatusCode;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::accepted;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn reset_password(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<ResetPassword>,
) -> Result<(StatusCode, Json<Done>), AuthFailure> {
    auth.reset_password(&call, &request).await?;
    Ok(accepted("Password changed"))
}
