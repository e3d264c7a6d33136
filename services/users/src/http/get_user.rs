//! `GET /users/{id}`.

use axum::extract::State;
use kit_http::extract::{Json, Path};
use kit_http::{ApiError, Customer, Etag};
use kit_token::UserId;
use users_api::ProfileView;

use super::error::{failed, not_found};
use crate::service::UsersService;

pub(super) async fn get_user(
    _: Customer,
    State(users): State<UsersService>,
    Path(user_id): Path<UserId>,
) -> Result<(Etag, Json<ProfileView>), ApiError> {
    let profile = users.find(user_id).await.map_err(failed)?.ok_or_else(not_found)?;
    Ok((Etag(profile.version), Json(profile.into())))
}
