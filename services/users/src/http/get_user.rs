//! `GET /users/{id}`.

use axum::extract::State;
use kit_http::Etag;
use kit_http::extract::{Json, Path};
use kit_service::Call;
use kit_token::UserId;
use users_api::ProfileView;

use crate::domain::Visibility;
use crate::service::{UsersFailure, UsersService};

pub(super) async fn get_user(
    State(users): State<UsersService>,
    call: Call,
    Path(user_id): Path<UserId>,
) -> Result<(Etag, Json<ProfileView>), UsersFailure> {
    let profile = users.get(user_id, Visibility::from(&*call.actor)).await?;
    Ok((Etag(profile.version), Json(profile.into())))
}
