//! `POST /password`.

use auth_api::{ChangePassword, Done};
use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;

use super::done;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn change_password(
    State(auth): State<AuthService>,
    call: Call,
    Json(request): Json<ChangePassword>,
) -> Result<Json<Done>, AuthFailure> {
    auth.change_password(&call, &request).await?;
    Ok(done("Password changed"))
}
