//! `DELETE /admin/accounts/{id}/sessions`.

use auth_api::Done;
use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer};
use kit_token::UserId;

use super::done;
use super::error::{failed, not_found};
use crate::service::{AuthService, Origin};

pub(super) async fn end_account_sessions(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
    Path(user_id): Path<UserId>,
) -> Result<Json<Done>, ApiError> {
    let found = auth
        .end_account_sessions(&(&*caller).into(), user_id, &origin)
        .await
        .map_err(failed)?;
    if found {
        Ok(done("Signed out everywhere"))
    } else {
        Err(not_found())
    }
}
