//! `POST /refresh`.

use auth_api::RefreshSession;
use axum::extract::State;
use axum::response::IntoResponse;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::unstored;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn refresh(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<RefreshSession>,
) -> Result<impl IntoResponse, AuthFailure> {
    auth.refresh(&call, &request.refresh_token).await.map(unstored)
}
