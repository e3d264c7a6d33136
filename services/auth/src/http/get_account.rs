//! `GET /admin/accounts/{id}`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{ApiError, Customer};
use kit_token::UserId;

use super::error::{failed, not_found};
use crate::service::AuthService;

pub(super) async fn get_account(
    _: Customer,
    State(auth): State<AuthService>,
    Path(user_id): Path<UserId>,
) -> Result<Json<AccountView>, ApiError> {
    auth.find_account(user_id)
        .await
        .map_err(failed)?
        .map(Json)
        .ok_or_else(not_found)
}
