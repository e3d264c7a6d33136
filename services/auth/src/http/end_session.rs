//! `DELETE /sessions/{id}`.

use auth_api::Done;
use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer};
use kit_token::SessionId;

use super::done;
use super::error::failed;
use crate::service::{AuthService, Origin};

pub(super) async fn end_session(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
    Path(session_id): Path<SessionId>,
) -> Result<Json<Done>, ApiError> {
    let ended = auth
        .end_session(&caller, session_id, &origin)
        .await
        .map_err(failed)?;
    if ended {
        Ok(done("Session ended"))
    } else {
        Err(ApiError::not_found("Session not found"))
    }
}
