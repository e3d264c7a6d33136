//! `GET /profile`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{ApiError, Customer, Etag};
use users_api::ProfileView;

use super::error::{not_found, unread};
use crate::domain::Sight;
use crate::service::UsersService;

pub(super) async fn get_profile(
    Customer(caller): Customer,
    State(users): State<UsersService>,
) -> Result<(Etag, Json<ProfileView>), ApiError> {
    let profile = users
        .find(caller.user_id, Sight::All)
        .await
        .map_err(unread)?
        .ok_or_else(not_found)?;
    Ok((Etag(profile.version), Json(profile.into())))
}
