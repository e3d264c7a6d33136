//! `POST /users`.

use kit_http::extract::{InTrace, Json};
use kit_http::{ApiError, Customer};
use kit_rpc::CallContext;
use users_api::{CreateProfile, ProfileChanged};

use super::error::not_created;
use crate::service::UsersService;

pub(super) async fn create_user(
    Customer(caller): Customer,
    InTrace(users): InTrace<UsersService>,
    call: CallContext,
    Json(request): Json<CreateProfile>,
) -> Result<Json<ProfileChanged>, ApiError> {
    let created = users.create(&caller, request, &call).await;
    created.map(Json).map_err(not_created)
}
