//! Routes for admins.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use super::{USER, account};
use crate::AuthRefusal;
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
        .summary("List accounts")
        .query::<AccountQuery>()
        .query::<PageQuery>()
        .answer::<Page<AccountView>>(
            StatusCode::OK,
            json!({ "items": [account()], "next_cursor": null }),
        )
}

fn get() -> Route {
    Route::new(Method::GET, "/admin/accounts/{id}", "get_account", Access::Admin)
        .summary("Get an account")
        .answer::<AccountView>(StatusCode::OK, account())
        .not_found("User")
}

fn patch() -> Route {
    Route::new(
        Method::PATCH,
        "/admin/accounts/{id}",
        "patch_account",
        Access::Admin,
    )
    .summary("Change an account's roles or status, which ends its access tokens")
    .body::<PatchAccount>(json!({ "roles": ["staff"] }))
    .conditional()
    .answer::<AccountView>(StatusCode::OK, account())
    .not_found("User")
    .refuses(&AuthRefusal::LastAdmin)
}

fn end_sessions() -> Route {
    Route::new(
        Method::DELETE,
        "/admin/accounts/{id}/sessions",
        "end_account_sessions",
        Access::Admin,
    )
    .summary("Sign a user out everywhere")
    .answer::<Done>(StatusCode::OK, json!({ "message": "Signed out everywhere" }))
    .not_found("User")
}

fn keys() -> Route {
    Route::new(Method::GET, "/admin/keys", "list_keys", Access::Admin)
        .summary("List the keys that sign access tokens")
        .answer::<KeyList>(StatusCode::OK, key_list())
}

fn rotate() -> Route {
    Route::new(Method::POST, "/admin/keys/rotate", "rotate_keys", Access::Admin)
        .summary("Rotate the signing key; tokens of the old one stay good")
        .answer::<KeyList>(StatusCode::OK, key_list())
        .refuses(&AuthRefusal::SharedSecret)
}

fn withdraw() -> Route {
    Route::new(
        Method::POST,
        "/admin/keys/{kid}/withdraw",
        "withdraw_key",
        Access::Admin,
    )
    .summary("Withdraw a signing key; its tokens are refused at once")
    .answer::<KeyList>(StatusCode::OK, key_list())
    .not_found("Key")
    .refuses(&AuthRefusal::SharedSecret)
}

fn audit() -> Route {
    let entry = json!({
        "id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "at": "2030-01-01T00:00:00.000000Z", "actor": USER,
        "action": "session.started", "subject": USER, "ip": "127.0.0.1", "detail": "curl/8.0"
    });
    Route::new(Method::GET, "/admin/audit", "list_audit", Access::Admin)
        .summary("List the audit log, newest first")
        .query::<PageQuery>()
        .answer::<Page<AuditEntry>>(StatusCode::OK, json!({ "items": [entry], "next_cursor": null }))
}

fn key_list() -> Value {
    let key = json!({
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "algorithm": "RS256", "state": "active",
        "created_at": "2030-01-01T00:00:00.000000Z", "active_from": "2030-01-01T00:00:00.000000Z"
    });
    json!({ "items": [key] })
}
