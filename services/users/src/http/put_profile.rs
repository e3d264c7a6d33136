//! `PUT /profile`.

use axum::extract::State;
use kit_http::extract::Json;
use kit_http::{Etag, IfMatch};
use kit_service::Call;
use users_api::{ProfileChanged, UpdateProfile};

use crate::service::{Saved, UsersFailure, UsersService};

pub(super) async fn put_profile(
    State(users): State<UsersService>,
    call: Call,
    seen: IfMatch,
    Json(request): Json<UpdateProfile>,
) -> Result<(Etag, Json<ProfileChanged>), UsersFailure> {
    let (version, message) = match users.save_own(&call, request, seen).await? {
        Saved::Created { version } => (version, "Profile created successfully"),
        Saved::Updated { version } => (version, "Profile updated successfully"),
    };
    let changed = ProfileChanged {
        user_id: call.actor.user_id,
        message: message.to_owned(),
    };
    Ok((Etag(version), Json(changed)))
}
