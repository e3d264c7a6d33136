//! `POST /validate`.

use auth_api::{Validate, Validated};
use axum::extract::State;
use kit_http::ApiError;
use kit_http::extract::Json;
use kit_token::Refusal;

use crate::service::AuthService;

pub(super) async fn validate(
    State(auth): State<AuthService>,
    Json(request): Json<Validate>,
) -> Result<Json<Validated>, ApiError> {
    auth.validate(&request.token)
        .map(Json)
        .map_err(|refusal| match refusal {
            Refusal::Expired => ApiError::unauthorized("token_expired", "Token has expired"),
            Refusal::NoKeys | Refusal::NoRevocations => ApiError::unavailable("Auth service unavailable"),
            refusal => {
                ApiError::unauthorized("invalid_token", "Invalid or malformed token").with_cause(refusal)
            }
        })
}
