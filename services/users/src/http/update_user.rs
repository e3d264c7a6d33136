//! `PUT /users/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{Etag, IfMatch};
use kit_service::Call;
use kit_token::UserId;
use users_api::{ProfileChanged, UpdateProfile};

use crate::service::{UsersFailure, UsersService};

pub(super) async fn update_user(
    State(users): State<UsersService>,
    call: Call,
    Path(user_id): Path<UserId>,
    seen: IfMatch,
    Json(request): Json<UpdateProfile>,
) -> Result<(Etag, Json<ProfileChanged>), UsersFailure> {
    let version = users.update(&call, user_id, request, seen).await?;
    let changed = ProfileChanged {
        user_id,
        message: "Profile updated successfully".to_owned(),
    };
    Ok((Etag(version), Json(changed)))
}
