//! `DELETE /sessions`.

use auth_api::Done;
use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{ApiError, Customer};

use super::done;
use super::error::failed;
use crate::service::{AuthService, Origin};

pub(super) async fn end_other_sessions(
    Customer(caller): Customer,
    origin: Origin,
    State(auth): State<AuthService>,
) -> Result<Json<Done>, ApiError> {
    auth.end_other_sessions(&caller, &origin).await.map_err(failed)?;
    Ok(done("Other sessions ended"))
}
