//! Auth's public routes, one endpoint a file.

mod error;
mod form;
mod home;
mod jwks;
mod login;
mod me;
mod metadata;
mod origin;
mod register;
mod setup;
mod validate;

use axum::Router;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::AuthService;

pub(crate) fn router(service: AuthService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(auth_api::routes(), guard)
        .on("auth_home", home::auth_home)
        .on("register", register::register)
        .on("login", login::login)
        .on("validate", validate::validate)
        .on("me", me::me)
        .on("jwks", jwks::jwks)
        .on("metadata", metadata::metadata)
        .on("setup_page", setup::setup_page)
        .on("setup", setup::setup)
        .finish(service)
}
