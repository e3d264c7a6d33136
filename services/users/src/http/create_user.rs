//! `POST /users`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_service::{Call, JsonAnswer};
use users_api::{CreateProfile, ProfileChanged};

use crate::service::{UsersFailure, UsersService};

pub(super) async fn create_user(
    State(users): State<UsersService>,
    call: Call,
    Json(request): Json<CreateProfile>,
) -> Result<JsonAnswer<ProfileChanged>, UsersFailure> {
    users.create(&call, request).await
}
