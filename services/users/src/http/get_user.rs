//! `GET /users/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{ApiError, Customer, Etag};
use kit_token::UserId;
use users_api::ProfileView;

use super::error::{not_found, unread};
use crate::domain::Sight;
use crate::service::UsersService;

pub(super) async fn get_user(
    Customer(caller): Customer,
    State(users): State<UsersService>,
    Path(user_id): Path<UserId>,
) -> Result<(Etag, Json<ProfileView>), ApiError> {
    let found = users.find(user_id, Sight::from(&*caller)).await.map_err(unread)?;
    let profile = found.ok_or_else(not_found)?;
    Ok((Etag(profile.version), Json(profile.into())))
}
