//! `GET /me`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{ApiError, Customer, Etag};

use super::error::{failed, not_found};
use crate::service::AuthService;

pub(super) async fn me(
    Customer(caller): Customer,
    State(auth): State<AuthService>,
) -> Result<(Etag, Json<AccountView>), ApiError> {
    let found = auth.find_account(caller.user_id).await.map_err(failed)?;
    let account = found.ok_or_else(not_found)?;
    Ok((Etag(account.version), Json(account.view)))
}
