//! `GET /admin/accounts/{id}`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{ApiError, Customer, Etag};
use kit_token::UserId;

use super::error::{failed, not_found};
use crate::service::AuthService;

pub(super) async fn get_account(
    _: Customer,
    State(auth): State<AuthService>,
    Path(user_id): Path<UserId>,
) -> Result<(Etag, Json<AccountView>), ApiError> {
    let found = auth.find_account(user_id).await.map_err(failed)?;
    let account = found.ok_or_else(not_found)?;
    Ok((Etag(account.version), Json(account.view)))
}
