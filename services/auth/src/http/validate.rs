//! `POST /validate`.

use auth_api::{Validate, Validated};
use axum::extract::State;
use kit_http::extract::Json;

use crate::service::{AuthFailure, AuthService};

pub(super) async fn validate(
    State(auth): State<AuthService>,
    Json(request): Json<Validate>,
) -> Result<Json<Validated>, AuthFailure> {
    auth.validate(&request.token).map(Json)
}
