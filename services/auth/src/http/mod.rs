//! Auth's public routes.

mod change_password;
mod confirm_email;
mod end_account_sessions;
mod end_other_sessions;
mod end_session;
mod forgot_password;
mod get_account;
mod home;
mod jwks;
mod keys;
mod list_accounts;
mod list_audit;
mod list_sessions;
mod login;
mod logout;
mod me;
mod metadata;
mod oauth;
mod patch_account;
mod refresh;
mod register;
mod resend_confirmation;
mod reset_password;
mod setup;
mod validate;

use auth_api::Done;
use axum::Router;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use kit_http::extract::Json;
use kit_http::{Guard, Handlers, HandlersError};
use serde::Serialize;

pub(crate) use oauth::internal_router;

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
        .on("refresh", refresh::refresh)
        .on("logout", logout::logout)
        .on("list_sessions", list_sessions::list_sessions)
        .on("end_session", end_session::end_session)
        .on("end_other_sessions", end_other_sessions::end_other_sessions)
        .on("change_password", change_password::change_password)
        .on("forgot_password", forgot_password::forgot_password)
        .on("reset_password", reset_password::reset_password)
        .on("confirm_email", confirm_email::confirm_email)
        .on("resend_confirmation", resend_confirmation::resend_confirmation)
        .on("list_accounts", list_accounts::list_accounts)
        .on("get_account", get_account::get_account)
        .on("patch_account", patch_account::patch_account)
        .on("end_account_sessions", end_account_sessions::end_account_sessions)
        .on("list_keys", keys::list_keys)
        .on("rotate_keys", keys::rotate_keys)
        .on("withdraw_key", keys::withdraw_key)
        .on("list_audit", list_audit::list_audit)
        .finish(service)
}

/// Said of any address, whether somebody has it or not.
const MAIL_IS_SENT: &str = "If the address has an account, a mail is on its way";

fn accepted(message: &str) -> (StatusCode, Json<Done>) {
    (StatusCode::ACCEPTED, done(message))
}

fn done(message: &str) -> Json<Done> {
    Json(Done {
        message: message.to_owned(),
    })
}

/// What holds tokens, which are never stored on the way (RFC 6749, 5.1).
fn unstored(body: impl Serialize) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}
