//! `DELETE /sessions`.

use auth_api::Done;
use kit_http::extract::{InTrace, Json};
use kit_http::{ApiError, Customer};

use super::done;
use super::error::failed;
use crate::service::{AuthService, Origin};

pub(super) async fn end_other_sessions(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
) -> Result<Json<Done>, ApiError> {
    auth.end_other_sessions(&caller, &origin).await.map_err(failed)?;
    Ok(done("Other sessions ended"))
}
