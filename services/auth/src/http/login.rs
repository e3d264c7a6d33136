//! `POST /login`.

use auth_api::LogIn;
use axum::extract::State;
use axum::response::IntoResponse;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::unstored;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn login(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<LogIn>,
) -> Result<impl IntoResponse, AuthFailure> {
    auth.log_in(&call, &request).await.map(unstored)
}
