//! `PATCH /admin/accounts/{id}`.

use auth_api::{AccountView, PatchAccount};
use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer, Etag, IfMatch};
use kit_token::UserId;

use super::error::{failed, not_found};
use crate::service::{AccountRefusal, AuthService, ChangeAccount, Origin};

pub(super) async fn patch_account(
    (Customer(caller), origin): (Customer, Origin),
    InTrace(auth): InTrace<AuthService>,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
    Json(patch): Json<PatchAccount>,
) -> Result<(Etag, Json<AccountView>), ApiError> {
    let account = auth
        .patch_account(
            &(&*caller).into(),
            user_id,
            ChangeAccount { patch, seen },
            &origin,
        )
        .await
        .map_err(|refusal| match refusal {
            AccountRefusal::NotFound => not_found(),
            AccountRefusal::Changed => IfMatch::failed(),
            AccountRefusal::LastAdmin => ApiError::conflict("last_admin", "The last admin cannot be removed"),
            AccountRefusal::Failed(failure) => failed(failure),
        })?;
    Ok((Etag(account.version), Json(account.view)))
}
