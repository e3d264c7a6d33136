//! `DELETE /admin/accounts/{id}/sessions`.

use auth_api::Done;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use kit_token::UserId;

use super::done;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn end_account_sessions(
    State(auth): State<AuthService>,
    call: Call,
    Path(user_id): Path<UserId>,
) -> Result<Json<Done>, AuthFailure> {
    auth.end_account_sessions(&call, user_id).await?;
    Ok(done("Signed out everywhere"))
}
