//! `GET /admin/accounts/{id}`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::Etag;
use kit_http::extract::{Json, Path};
use kit_token::UserId;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn get_account(
    State(auth): State<AuthService>,
    Path(user_id): Path<UserId>,
) -> Result<(Etag, Json<AccountView>), AuthFailure> {
    let account = auth.get_account(user_id).await?;
    Ok((Etag(account.version), Json(account.view)))
}
