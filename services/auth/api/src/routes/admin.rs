//! Routes for admins.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use super::{USER, account};
use crate::types::{AccountQuery, AccountView, AuditEntry, Done, KeyList, PatchAccount};

pub(super) fn routes() -> Vec<Route> {
    vec![
        list(),
        get(),
        patch(),
        end_sessions(),
        keys(),
        rotate(),
        withdraw(),
        audit(),
    ]
}

fn list() -> Route {
    Route::new(Method::GET, "/admin/accounts", "list_accounts", Access::Admin)
        .summary("Accounts, by name, role and status")
        .query::<AccountQuery>()
        .answer::<Page<AccountView>>(
            StatusCode::OK,
            json!({ "items": [account()], "next_cursor": null }),
        )
        .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
}

fn get() -> Route {
    Route::new(Method::GET, "/admin/accounts/{id}", "get_account", Access::Admin)
        .summary("One account")
        .answer::<AccountView>(StatusCode::OK, account())
        .refuses(StatusCode::NOT_FOUND, "User not found")
}

fn patch() -> Route {
    Route::new(
        Method::PATCH,
        "/admin/accounts/{id}",
        "patch_account",
        Access::Admin,
    )
    .summary("Changes roles or status; access tokens of before are dead everywhere within a second")
    .body::<PatchAccount>(json!({ "roles": ["staff"] }))
    .conditional()
    .answer::<AccountView>(StatusCode::OK, account())
    .refuses(StatusCode::NOT_FOUND, "User not found")
    .refuses(StatusCode::CONFLICT, "The last admin cannot be removed")
}

fn end_sessions() -> Route {
    Route::new(
        Method::DELETE,
        "/admin/accounts/{id}/sessions",
        "end_account_sessions",
        Access::Admin,
    )
    .summary("Signs somebody out everywhere")
    .answer::<Done>(StatusCode::OK, json!({ "message": "Signed out everywhere" }))
    .refuses(StatusCode::NOT_FOUND, "User not found")
}

fn keys() -> Route {
    Route::new(Method::GET, "/admin/keys", "list_keys", Access::Admin)
        .summary("The keys that access tokens are signed with")
        .answer::<KeyList>(StatusCode::OK, key_list())
}

fn rotate() -> Route {
    Route::new(Method::POST, "/admin/keys/rotate", "rotate_keys", Access::Admin)
        .summary(
            "Makes a new key, which signs once every verifier has it; the old one stays good for its tokens",
        )
        .answer::<KeyList>(StatusCode::OK, key_list())
        .refuses(StatusCode::CONFLICT, "Tokens are signed with a shared secret")
}

fn withdraw() -> Route {
    Route::new(
        Method::POST,
        "/admin/keys/{kid}/withdraw",
        "withdraw_key",
        Access::Admin,
    )
    .summary("Takes a key away that somebody else may have: what it signed is refused within a second")
    .answer::<KeyList>(StatusCode::OK, key_list())
    .refuses(StatusCode::NOT_FOUND, "Key not found")
    .refuses(StatusCode::CONFLICT, "Tokens are signed with a shared secret")
}

fn audit() -> Route {
    let entry = json!({
        "id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "at": "2030-01-01T00:00:00.000000Z", "actor": USER,
        "action": "session.started", "subject": USER, "ip": "127.0.0.1", "detail": "curl/8.0"
    });
    Route::new(Method::GET, "/admin/audit", "list_audit", Access::Admin)
        .summary("Who did what, when, from where; the newest first")
        .query::<PageQuery>()
        .answer::<Page<AuditEntry>>(StatusCode::OK, json!({ "items": [entry], "next_cursor": null }))
        .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
}

fn key_list() -> Value {
    let key = json!({
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "algorithm": "RS256", "state": "active",
        "created_at": "2030-01-01T00:00:00.000000Z", "active_from": "2030-01-01T00:00:00.000000Z"
    });
    json!({ "items": [key] })
}
