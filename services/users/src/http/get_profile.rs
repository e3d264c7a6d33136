//! `GET /profile`.

use axum::extract::State;
use kit_http::Etag;
use kit_http::extract::Json;
use kit_service::Call;
use users_api::ProfileView;

use crate::domain::Visibility;
use crate::service::{UsersFailure, UsersService};

pub(super) async fn get_profile(
    State(users): State<UsersService>,
    call: Call,
) -> Result<(Etag, Json<ProfileView>), UsersFailure> {
    let profile = users.get(call.actor.user_id, Visibility::All).await?;
    Ok((Etag(profile.version), Json(profile.into())))
}
