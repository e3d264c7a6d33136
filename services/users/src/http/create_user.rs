//! `POST /users`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{ApiError, Customer};
use users_api::{CreateProfile, ProfileChanged};

use super::error::refused;
use crate::domain::Editor;
use crate::service::UsersService;

pub(super) async fn create_user(
    Customer(caller): Customer,
    State(users): State<UsersService>,
    Json(request): Json<CreateProfile>,
) -> Result<Json<ProfileChanged>, ApiError> {
    let user_id = request.user_id;
    users
        .create(&Editor::from(&*caller), request)
        .await
        .map_err(refused)?;
    Ok(Json(ProfileChanged {
        user_id,
        message: "Profile created successfully".to_owned(),
    }))
}
