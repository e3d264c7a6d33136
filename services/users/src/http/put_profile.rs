//! `PUT /profile`.

use kit_http::extract::{InTrace, Json};
use kit_http::{ApiError, Customer, Etag, IfMatch};
use kit_rpc::CallContext;
use users_api::{ProfileChanged, UpdateProfile};

use super::error::refused;
use crate::service::{Saved, UsersService};

pub(super) async fn put_profile(
    Customer(caller): Customer,
    InTrace(users): InTrace<UsersService>,
    call: CallContext,
    seen: IfMatch,
    Json(request): Json<UpdateProfile>,
) -> Result<(Etag, Json<ProfileChanged>), ApiError> {
    let saved = users
        .save_own(&caller, request, seen, &call)
        .await
        .map_err(refused)?;
    let (version, message) = match saved {
        Saved::Created { version } => (version, "Profile created successfully"),
        Saved::Updated { version } => (version, "Profile updated successfully"),
    };
    let changed = ProfileChanged {
        user_id: caller.user_id,
        message: message.to_owned(),
    };
    Ok((Etag(version), Json(changed)))
}
