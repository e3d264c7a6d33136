//! Routes for those who read the mail of an account.

use http::{Method, StatusCode};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::AuthRefusal;
use crate::types::{ConfirmEmail, Done, MailTo, ResetPassword};

const SECRET: &str = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn routes() -> Vec<Route> {
    vec![forgot(), reset(), confirm(), resend()]
}

fn forgot() -> Route {
    Route::new(
        Method::POST,
        "/password/forgot",
        "forgot_password",
        Access::Public,
    )
    .strict()
    .summary("Ask for a mail by which one chooses a new password; the same answer for any address")
    .body::<MailTo>(json!({ "email": "ada@example.com" }))
    .answer::<Done>(StatusCode::ACCEPTED, sent())
}

fn reset() -> Route {
    Route::new(Method::POST, "/password/reset", "reset_password", Access::Public)
        .strict()
        .summary("Choose a new password by the token of a mail, which ends all sessions")
        .body::<ResetPassword>(json!({ "token": SECRET, "new_password": "staple-horse-battery-10" }))
        .answer::<Done>(StatusCode::ACCEPTED, json!({ "message": "Password changed" }))
        .refuses(&AuthRefusal::InvalidLink)
        .refuses(&AuthRefusal::TooManySignIns)
}

fn confirm() -> Route {
    Route::new(Method::POST, "/email/confirm", "confirm_email", Access::Public)
        .strict()
        .summary("Confirm an address by the token of a mail")
        .body::<ConfirmEmail>(json!({ "token": SECRET }))
        .answer::<Done>(StatusCode::ACCEPTED, json!({ "message": "Address confirmed" }))
        .refuses(&AuthRefusal::InvalidLink)
}

fn resend() -> Route {
    Route::new(
        Method::POST,
        "/email/confirm/resend",
        "resend_confirmation",
        Access::Public,
    )
    .strict()
    .summary("Ask for another mail by which an address is confirmed; the same answer for any address")
    .body::<MailTo>(json!({ "email": "ada@example.com" }))
    .answer::<Done>(StatusCode::ACCEPTED, sent())
}

fn sent() -> Value {
    json!({ "message": "If the address has an account, a mail is on its way" })
}
