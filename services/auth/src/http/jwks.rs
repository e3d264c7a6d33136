//! `GET /.well-known/jwks.json`.

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use kit_http::extract::Json;

use crate::service::AuthService;

/// May be kept for a minute: a key is published well before anything is signed with it.
pub(super) async fn jwks(State(auth): State<AuthService>) -> impl IntoResponse {
    (
        [(CACHE_CONTROL, "public, max-age=60")],
        Json(auth.keys().public_keys()),
    )
}
