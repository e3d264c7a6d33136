//! Routes of one's own sessions.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::json;

use super::logged_in;
use crate::AuthRefusal;
use crate::types::{ChangePassword, Done, LogOut, LoggedIn, RefreshSession, SessionView};

const SESSION: &str = "ses_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";

pub(super) fn routes() -> Vec<Route> {
    vec![refresh(), logout(), list(), end(), end_others(), password()]
}

fn refresh() -> Route {
    Route::new(Method::POST, "/refresh", "refresh", Access::Public)
        .summary("Refresh a session")
        .body::<RefreshSession>(json!({ "refresh_token": "v1.0190c2a4" }))
        .answer::<LoggedIn>(StatusCode::OK, logged_in())
        .refuses(&AuthRefusal::InvalidRefreshToken)
}

fn logout() -> Route {
    Route::new(Method::POST, "/logout", "logout", Access::User)
        .summary("Log out")
        .optional_body::<LogOut>(json!({}))
        .answer::<Done>(StatusCode::OK, json!({ "message": "Logged out" }))
}

fn list() -> Route {
    let session = json!({
        "id": SESSION, "device": "curl/8.0", "ip": "127.0.0.1", "created_at": "2030-01-01T00:00:00.000000Z",
        "last_used_at": "2030-01-01T00:00:00.000000Z", "current": true
    });
    Route::new(Method::GET, "/sessions", "list_sessions", Access::User)
        .summary("List own sessions")
        .query::<PageQuery>()
        .answer::<Page<SessionView>>(StatusCode::OK, json!({ "items": [session], "next_cursor": null }))
}

fn end() -> Route {
    Route::new(Method::DELETE, "/sessions/{id}", "end_session", Access::Own)
        .summary("End one of one's own sessions")
        .answer::<Done>(StatusCode::OK, json!({ "message": "Session ended" }))
        .not_found("Session")
}

fn end_others() -> Route {
    Route::new(Method::DELETE, "/sessions", "end_other_sessions", Access::User)
        .summary("End all own sessions but the current one")
        .answer::<Done>(StatusCode::OK, json!({ "message": "Other sessions ended" }))
}

fn password() -> Route {
    Route::new(Method::POST, "/password", "change_password", Access::User)
        .strict()
        .summary("Change the password, which ends all other sessions")
        .body::<ChangePassword>(json!({
            "current_password": "correct-horse-battery-9", "new_password": "staple-horse-battery-10"
        }))
        .answer::<Done>(StatusCode::OK, json!({ "message": "Password changed" }))
        .refuses(&AuthRefusal::WrongPassword)
        .refuses(&AuthRefusal::TooManySignIns)
}
