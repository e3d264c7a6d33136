//! `GET /me`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{ApiError, Customer};

use super::error::{failed, not_found};
use crate::service::AuthService;

pub(super) async fn me(
    Customer(caller): Customer,
    State(auth): State<AuthService>,
) -> Result<Json<AccountView>, ApiError> {
    let account = auth.find_account(caller.user_id).await.map_err(failed)?;
    account.map(Json).ok_or_else(not_found)
}
