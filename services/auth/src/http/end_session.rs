//! `DELETE /sessions/{id}`.

use auth_api::Done;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use kit_token::SessionId;

use super::done;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn end_session(
    State(auth): State<AuthService>,
    call: Call,
    Path(session_id): Path<SessionId>,
) -> Result<Json<Done>, AuthFailure> {
    auth.end_session(&call, session_id).await?;
    Ok(done("Session ended"))
}
