//! `DELETE /users/{id}`.

use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer, IfMatch};
use kit_token::UserId;
use users_api::ProfileChanged;

use super::error::refused;
use crate::domain::Editor;
use crate::service::UsersService;

pub(super) async fn delete_user(
    Customer(caller): Customer,
    InTrace(users): InTrace<UsersService>,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
) -> Result<Json<ProfileChanged>, ApiError> {
    users
        .delete(&Editor::from(&*caller), user_id, seen)
        .await
        .map_err(refused)?;
    Ok(Json(ProfileChanged {
        user_id,
        message: "Profile deleted successfully".to_owned(),
    }))
}
