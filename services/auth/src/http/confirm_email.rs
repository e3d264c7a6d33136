//! `POST /email/confirm`.

use auth_api::{ConfirmEmail, Done};
use axum::extract::State;
use http::StatusCode;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::accepted;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn confirm_email(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<ConfirmEmail>,
) -> Result<(StatusCode, Json<Done>), AuthFailure> {
    auth.confirm_email(&call, &request).await?;
    Ok(accepted("Address confirmed"))
}
