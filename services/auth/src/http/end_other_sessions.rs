//! `DELETE /sessions`.

use auth_api::Done;
use axum::extract::State;
use kit_http::extract::Json;
use kit_service::Call;

use super::done;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn end_other_sessions(
    State(auth): State<AuthService>,
    call: Call,
) -> Result<Json<Done>, AuthFailure> {
    auth.end_other_sessions(&call).await?;
    Ok(done("Other sessions ended"))
}
