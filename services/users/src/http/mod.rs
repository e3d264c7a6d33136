//! Users' public routes, one endpoint a file.

mod create_user;
mod delete_user;
mod get_profile;
mod get_user;
mod list_users;
mod put_profile;
mod update_user;

use axum::Router;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::UsersService;

pub(crate) fn router(service: UsersService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(users_api::routes(), guard)
        .on("list_users", list_users::list_users)
        .on("create_user", create_user::create_user)
        .on("get_user", get_user::get_user)
        .on("update_user", update_user::update_user)
        .on("delete_user", delete_user::delete_user)
        .on("get_profile", get_profile::get_profile)
        .on("put_profile", put_profile::put_profile)
        .finish(service)
}
