//! `GET /admin/keys`, `POST /admin/keys/rotate`, `POST /admin/keys/{kid}/withdraw`: one resource, the ring.

use auth_api::KeyList;
use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_service::Call;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn list_keys(State(auth): State<AuthService>) -> Result<Json<KeyList>, AuthFailure> {
    auth.list_keys().await.map(Json)
}

pub(super) async fn rotate_keys(
    State(auth): State<AuthService>,
    call: Call,
) -> Result<Json<KeyList>, AuthFailure> {
    auth.rotate_keys(&call).await.map(Json)
}

pub(super) async fn withdraw_key(
    State(auth): State<AuthService>,
    call: Call,
    Path(kid): Path<String>,
) -> Result<Json<KeyList>, AuthFailure> {
    auth.withdraw_key(&call, kid).await.map(Json)
}
