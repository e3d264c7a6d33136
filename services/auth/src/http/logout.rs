//! `POST /logout`.

use auth_api::{Done, LogOut};
use kit_http::extract::{InTrace, Json, OptionalJson};
use kit_http::{ApiError, Customer};

use super::done;
use super::error::failed;
use crate::service::{AuthService, Origin};

pub(super) async fn logout(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
    OptionalJson(request): OptionalJson<LogOut>,
) -> Result<Json<Done>, ApiError> {
    auth.log_out(&caller, request.refresh_token.as_deref(), &origin)
        .await
        .map_err(failed)?;
    Ok(done("Logged out"))
}
