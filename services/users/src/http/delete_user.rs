//! `DELETE /users/{id}`.

use axum::extract::State;
use kit_http::IfMatch;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use kit_token::UserId;
use users_api::ProfileChanged;

use crate::service::{UsersFailure, UsersService};

pub(super) async fn delete_user(
    State(users): State<UsersService>,
    call: Call,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
) -> Result<Json<ProfileChanged>, UsersFailure> {
    users.delete(&call, user_id, seen).await?;
    Ok(Json(ProfileChanged {
        user_id,
        message: "Profile deleted successfully".to_owned(),
    }))
}
