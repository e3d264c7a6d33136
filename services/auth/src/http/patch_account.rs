//! `PATCH /admin/accounts/{id}`.

use auth_api::{AccountView, PatchAccount};
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;
use kit_token::UserId;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn patch_account(
    State(auth): State<AuthService>,
    call: Call,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
    Json(patch): Json<PatchAccount>,
) -> Result<(Etag, Json<AccountView>), AuthFailure> {
    let account = auth.patch_account(&call, user_id, patch, seen).await?;
    Ok((Etag(account.version), Json(account.view)))
}
