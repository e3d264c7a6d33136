//! `POST /logout`.

use auth_api::{Done, LogOut};
use axum::extract::State;
use kit_http::extract::{Json, OptionalJson};
use kit_service::Call;

use super::done;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn logout(
    State(auth): State<AuthService>,
    call: Call,
    OptionalJson(request): OptionalJson<LogOut>,
) -> Result<Json<Done>, AuthFailure> {
    auth.log_out(&call, request.refresh_token.as_deref()).await?;
    Ok(done("Logged out"))
}
