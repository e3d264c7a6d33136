//! `POST /register`.

use auth_api::Register;
use axum::extract::State;
use axum::response::IntoResponse;
use kit_http::Anyone;
use kit_http::extract::Json;
use kit_service::Call;

use super::unstored;
use crate::service::{AuthFailure, AuthService};

pub(super) async fn register(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Json(request): Json<Register>,
) -> Result<impl IntoResponse, AuthFailure> {
    auth.register(&call, &request).await.map(unstored)
}
