//! `PUT /users/{id}`.

use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer, Etag, IfMatch};
use kit_token::UserId;
use users_api::{ProfileChanged, UpdateProfile};

use super::error::refused;
use crate::domain::Editor;
use crate::service::UsersService;

pub(super) async fn update_user(
    Customer(caller): Customer,
    InTrace(users): InTrace<UsersService>,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
    Json(request): Json<UpdateProfile>,
) -> Result<(Etag, Json<ProfileChanged>), ApiError> {
    let version = users
        .update(&Editor::from(&*caller), user_id, request, seen)
        .await
        .map_err(refused)?;
    let changed = ProfileChanged {
        user_id,
        message: "Profile updated successfully".to_owned(),
    };
    Ok((Etag(version), Json(changed)))
}
