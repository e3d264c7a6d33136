//! `GET /me`.

use auth_api::AccountView;
use axum::extract::State;
use kit_http::Etag;
use kit_http::extract::Json;
use kit_service::Call;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn me(
    State(auth): State<AuthService>,
    call: Call,
) -> Result<(Etag, Json<AccountView>), AuthFailure> {
    let account = auth.get_account(call.actor.user_id).await?;
    Ok((Etag(account.version), Json(account.view)))
}
