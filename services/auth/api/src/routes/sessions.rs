//! Routes of one's own sessions.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::json;

use super::logged_in;
use crate::types::{ChangePassword, Done, LogOut, LoggedIn, RefreshSession, SessionView};

const SESSION: &str = "ses_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";

pub(super) fn routes() -> Vec<Route> {
    vec![refresh(), logout(), list(), end(), end_others(), password()]
}

fn refresh() -> Route {
    Route::new(Method::POST, "/refresh", "refresh", Access::Public)
        .summary("Goes on with a session: new tokens for the newest refresh token")
        .body::<RefreshSession>(json!({ "refresh_token": "v1.0190c2a4" }))
        .answer::<LoggedIn>(StatusCode::OK, logged_in())
        .refuses(StatusCode::UNAUTHORIZED, "Invalid refresh token")
}

fn logout() -> Route {
    Route::new(Method::POST, "/logout", "logout", Access::User)
        .summary("Ends the session; its tokens are dead everywhere within a second")
        .optional_body::<LogOut>(json!({}))
        .answer::<Done>(StatusCode::OK, json!({ "message": "Logged out" }))
}

fn list() -> Route {
    let session = json!({
        "id": SESSION, "device": "curl/8.0", "ip": "127.0.0.1", "created_at": "2030-01-01T00:00:00.000000Z",
        "last_used_at": "2030-01-01T00:00:00.000000Z", "current": true
    });
    Route::new(Method::GET, "/sessions", "list_sessions", Access::User)
        .summary("The caller's open sessions")
        .query::<PageQuery>()
        .answer::<Page<SessionView>>(StatusCode::OK, json!({ "items": [session], "next_cursor": null }))
        .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
}

fn end() -> Route {
    Route::new(Method::DELETE, "/sessions/{id}", "end_session", Access::Own)
        .summary("Ends one of the caller's sessions")
        .answer::<Done>(StatusCode::OK, json!({ "message": "Session ended" }))
        .refuses(StatusCode::NOT_FOUND, "Session not found")
}

fn end_others() -> Route {
    Route::new(Method::DELETE, "/sessions", "end_other_sessions", Access::User)
        .summary("Ends all of the caller's sessions but the one that asks")
        .answer::<Done>(StatusCode::OK, json!({ "message": "Other sessions ended" }))
}

fn password() -> Route {
    Route::new(Method::POST, "/password", "change_password", Access::User)
        .strict()
        .summary("Changes the caller's password, and ends their other sessions")
        .body::<ChangePassword>(json!({
            "current_password": "correct-horse-battery-9", "new_password": "staple-horse-battery-10"
        }))
        .answer::<Done>(StatusCode::OK, json!({ "message": "Password changed" }))
        .refuses(StatusCode::FORBIDDEN, "Current password is wrong")
}
