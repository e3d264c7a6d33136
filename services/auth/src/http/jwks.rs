//! `GET /.well-known/jwks.json`.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use kit_http::extract::Json;

use crate::service::AuthService;

/// A withdrawn key should not outlive its withdrawal for longer, wherever the set is kept.
const LONGEST: Duration = Duration::from_mins(1);

/// May be kept for as long as a new key is published before it signs, so that whoever keeps the set for so
/// long has each key in time.
pub(super) async fn jwks(State(auth): State<AuthService>) -> impl IntoResponse {
    let kept = auth.settings.key_publish_ahead.min(LONGEST).as_secs();
    (
        [(CACHE_CONTROL, format!("public, max-age={kept}"))],
        Json(auth.keys.public_keys()),
    )
}
